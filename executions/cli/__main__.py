from executions.cli import main

main()
