"""A program that talks to a Jupyter kernel: kernel_session.py KERNEL OPTIONS.

It prints what it heard, as JSON; the options are those of the kernel's manager, as JSON too.

It asks for input, interrupts, completes, restarts, waits for a heartbeat and shuts down: so it uses
each of the kernel's five sockets, from a blocking client.
"""

import json
import sys
import time

from jupyter_client.manager import KernelManager

LIMIT = 60

heard = {}
kernel, options = sys.argv[1:]
manager = KernelManager(kernel_name=kernel, **json.loads(options))
manager.start_kernel()
client = manager.client()
client.start_channels()
client.wait_for_ready(LIMIT)


def run(code, on_text=lambda text: None):
    """What the code printed, and how it ended."""
    texts = []

    def hear(message):
        if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
            texts.append(message["content"]["text"])
            on_text(texts[-1])

    reply = client.execute_interactive(
        code,
        timeout=LIMIT,
        output_hook=hear,
        stdin_hook=lambda request: client.input(request["content"]["prompt"].upper()),
    )
    return "".join(texts).strip(), reply["content"].get("ename", reply["content"]["status"])


heard["carrier"] = run("from carrier import carrier; print(carrier())")
heard["input"] = run("print(input('who? '))")
heard["interrupt"] = run(
    "import time; print('asleep', flush=True); time.sleep(600)",
    on_text=lambda text: manager.interrupt_kernel(),
)
heard["after the interrupt"] = run("forgotten = 1; print(6 * 7)")
heard["completion"] = client.complete("forgo", reply=True, timeout=LIMIT)["content"]["matches"]
manager.restart_kernel()
client.wait_for_ready(LIMIT)
heard["after the restart"] = run("print(forgotten)")
while not client.hb_channel.is_beating():
    time.sleep(0.01)
manager.shutdown_kernel()
heard["alive"] = manager.is_alive()
client.stop_channels()
print(json.dumps(heard))
