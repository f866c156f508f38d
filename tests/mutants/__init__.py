"""
A mutation campaign: the money paths with one thing wrong at a time, and whether a test notices.

`make mutants` draws some of all mutants that there are, by a seed, so that two runs with other seeds look at others and
`MUTANTS=all` at every one. What cosmic-ray changes in a source is written into a copy of the project, never into the
project; a process that has the libraries already forks for each mutant and runs the tests nearest to it, then those
farther away, and stops at the first that fails. What no test notices has survived: it needs a test, or a line in
`equivalents.py` with the reason why nobody could notice it.

    finding     what can be changed in a source, and how
    rooms       which tests are near which source
    running     one mutant after the other, in a copy of the project
    named       mutants that people once found alive: all of them have to die, every time
"""
