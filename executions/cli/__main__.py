from executions.cli import start

start()
