"""
A mutation campaign: the money paths with one thing wrong at a time, and whether a test notices.

`make mutants` draws some of all mutants that there are, by a seed, so that two runs with other seeds look at others and
`MUTANTS=all` at every one. What cosmic-ray makes of a source is never written anywhere: a process that has project and
tests loaded forks for each mutant, and the child changes the one thing in itself. It runs the tests that run the line
that was changed, the nearest first, until one fails. What none of them notices has survived: it needs a test, or a line
in `equivalents.py` with the reason why nobody could notice it.

Which test runs which line is found out once and kept in a file. The next run watches only tests that are new or have
changed, and those that ran a source which has.

    finding      what can be changed in a source, and how
    changing     the change in a running process
    rooms        which sources, and which tests
    reading      which lines have to run for a change in one of them to be noticed
    running      who runs what, and one mutant after the other
    named        mutants that people once found alive: all of them have to die, every time
    equivalents  mutants that nobody can notice, with the reason
"""
