"""A load test for locust: a worker makes a number of visits, and asks the master to end the test.

The place that is visited is in the worker itself, so that all that is sent is locust's own.
"""

from carrier import carrier
from gevent import sleep
from gevent.event import Event
from locust import User, events, task
from locust.runners import MasterRunner

VISITS = 2000


class Visitor(User):
    visits = 0

    @task
    def visit(self):
        if Visitor.visits == VISITS:
            Event().wait()  # until the test is over
        Visitor.visits += 1
        self.environment.events.request.fire(
            request_type="VISIT",
            name="the place",
            response_time=1,
            response_length=3,
            exception=None,
            context={},
        )
        if Visitor.visits == VISITS:
            self.environment.runner.send_message("enough", carrier())
        sleep(0)


@events.init.add_listener
def register(environment, **_):
    if isinstance(environment.runner, MasterRunner):
        environment.runner.register_message("enough", end_the_test, concurrent=True)


def end_the_test(environment, msg, **_):
    print("worker:", msg.data)
    print("master:", carrier())
    environment.runner.stop()
    environment.runner.quit()
