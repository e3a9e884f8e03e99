"""What a specification leaves open: a step is run once for each way to choose.

A step is a plain function of a world. Wherever more than one thing may happen it asks
`world.choose(options)`, and `explore` runs it, each time on a fresh copy of the world, until
every option has been taken.
"""

import pickle


class _Choices:
    """Takes given choices first, then always the first option; knows what it passed over."""

    def __init__(self, given):
        self._given = given
        self._taken = []
        self.passed_over = []

    def __call__(self, options):
        place = len(self._taken)
        index = self._given[place] if place < len(self._given) else 0
        if place >= len(self._given):
            self.passed_over += [[*self._taken, other] for other in range(1, len(options))]
        self._taken.append(index)
        return options[index]


def explore(world, step):
    """Every (outcome, world afterwards) that the step can lead to."""
    frozen = pickle.dumps(world)
    untried = [[]]
    while untried:
        choices = _Choices(untried.pop())
        copy = pickle.loads(frozen)
        copy.choose = choices
        outcome = step(copy)
        copy.choose = None
        yield outcome, copy
        untried += choices.passed_over


def distinct(worlds):
    """The worlds without those that are equal in all they hold."""
    return list({pickle.dumps(world): world for world in worlds}.values())
