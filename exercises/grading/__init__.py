"""For instructors: a class is graded, a course is built without its solutions, an exercise is begun."""
