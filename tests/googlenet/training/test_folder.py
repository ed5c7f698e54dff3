"""The folder of a run."""

from googlenet.training.folder import free_folder
from googlenet.training.options import Options


def test_folders_get_numbers_where_no_name_is_given(tmp_path):
    for name in ["paper-64-seed4", "paper-64-seed4-2", "paper-64-seed4-3"]:
        folder = free_folder(tmp_path / "runs", None, Options(seed=4))
        assert folder == tmp_path / "runs" / name
        folder.mkdir(parents=True)
    assert free_folder(tmp_path / "runs", "mine", Options()) == tmp_path / "runs" / "mine"
