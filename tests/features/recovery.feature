Feature: Workflow recovery after failure
  As a user, I want workflows to recover automatically after failures, so that I don't lose progress.

  Scenario: A transient failure is retried
    Given a workflow step that times out twice
    When the step is run
    Then the system automatically retries up to 3 times
    And each retry is logged with the correlation id
    And the workflow completes

  Scenario: A failure that is not transient is not retried
    Given a workflow step that fails for good
    When the step is run
    Then it was tried once

  Scenario Outline: Retries are exhausted
    Given a workflow step that <is optional> and times out again and again
    When the step is run
    Then it was tried 4 times
    And the workflow is in the Failed state
    And I receive the notification "Step failed after multiple attempts"
    And I can manually retry it
    And I <can skip> it

    Examples:
      | is optional     | can skip    |
      | is optional     | can skip    |
      | is not optional | cannot skip |

  Scenario: A failed workflow is recovered through the API
    Given a workflow in the Failed state after a step that succeeded
    And the cause of the failure is gone
    When I send POST /api/v1/workflows/{id}/recover
    Then the answer is 200 and names the last checkpoint
    And the workflow resumes from the safe state and completes
    And the step that had succeeded did not run again
    And I am notified of the recovery

  @processes
  Scenario: The server restarts in the middle of a workflow
    Given a running server with a workflow in the middle of its second step
    When every process of the server is killed and the server comes back online
    Then the incomplete workflow is detected
    And recovery is attempted automatically and the workflow completes
    And the step that had succeeded did not run again
    And I am notified of the recovery status

  Scenario: Recovery fails completely
    Given a workflow in the Failed state after a step that succeeded
    And its last checkpoint was tampered with
    When I send POST /api/v1/workflows/{id}/recover
    Then the answer is 500 and the workflow is unchanged but marked for a person
    And I am notified of the recovery status
    And the list of workflows that need attention shows it to an administrator
    And support can restore it from a checkpoint and it completes
