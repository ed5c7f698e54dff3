"""python -m exercises reset."""

from exercises.__main__ import main


def test_the_old_file_is_kept_each_time(work, pool, solve, capsys):
    path = work.path_of(pool)
    for number in (1, 2):
        solve(pool, "return y", f"return y + {number}")
        assert main(["reset", "max_pool2d"]) == 0
        assert f"What you had is now {path.parent.relative_to(work.folder.parent)}" in capsys.readouterr().out
        assert path.read_text(encoding="utf-8") == pool.stub
        assert f"y + {number}" in path.with_name(f"max_pool2d.py.{number}").read_text(encoding="utf-8")


def test_a_stub_stays_and_a_missing_file_comes_back(work, pool, capsys):
    path = work.path_of(pool)
    assert main(["reset", str(path)]) == 0
    assert "nothing was changed" in capsys.readouterr().out
    path.unlink()
    path.parent.joinpath("x.py").touch()
    assert main(["reset", "max_pool2d"]) == 0
    assert path.read_text(encoding="utf-8") == pool.stub
    assert not path.with_name("max_pool2d.py.1").exists()
