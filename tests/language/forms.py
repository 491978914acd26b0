"""The forms that the specification's own examples show, as far as they are supported, in a story of
our own.
"""

from __future__ import annotations

from tests.language.texts import workflow

BOOK = "https://library.example/books/{isbn}"

FORMS = {
    "bearer token": workflow(f"""
        - lend:
            call: http
            with:
              method: get
              endpoint: {{uri: '{BOOK}', authentication: {{bearer: {{token: '${{ .token }}'}}}}}}
        """),
    "reusable authentication": workflow(
        f"""
        - lend:
            call: http
            with: {{method: get, endpoint: {{uri: '{BOOK}', authentication: {{use: desk}}}}}}
        """,
        "use: {authentications: {desk: {bearer: {token: '${ .token }'}}}}",
    ),
    "function of the workflow": workflow(
        "- lend: {call: lookUp, with: {isbn: 42}}",
        f"""
        use:
          functions:
            lookUp:
              input:
                schema: {{document: {{type: object, required: [isbn], properties: {{isbn: {{type: integer}}}}}}}}
              call: http
              with: {{method: get, endpoint: '{BOOK}'}}
        """,
    ),
    "address made by an expression": workflow(r"""
        - lend:
            call: http
            with:
              headers: {content-type: application/json}
              method: get
              endpoint: ${ "https://library.example/books/\(.isbn)" }
        """),
    "query and headers made by expressions": workflow(
        """
        - prepare: {set: {query: {title: '${.title}'}, headers: {Accept: application/json}}}
        - search:
            call: http
            with: {method: get, endpoint: 'https://library.example/search/', headers: '${.headers}', query: '${.query}'}
        """,
        """
        input:
          schema: {format: json, document: {type: object, required: [title], properties: {title: {type: string}}}}
        """,
    ),
    "query and redirect": workflow("""
        - search:
            call: http
            with: {method: get, endpoint: 'https://library.example/', query: {q: '${.title}'}, redirect: true}
        """),
    "conditional task": workflow("""
        - refuse:
            if: .reader.fines > 20
            raise: {error: {type: 'https://library.example/errors/fines', status: 402, title: Fines to pay}}
            then: end
        - lend: {call: http, with: {method: post, endpoint: 'https://library.example/loans', body: {reader: .reader}}}
        """),
    "one task": workflow(
        "- lend: {call: http, with: {method: get, endpoint: 'https://library.example/1'}}"
    ),
    "several tasks": workflow("""
        - find: {call: http, with: {method: get, endpoint: 'https://library.example/1'}}
        - lend: {call: http, with: {method: post, endpoint: 'https://library.example/loans', body: '${ . }'}}
        """),
    "loop": workflow("""
        - remind:
            for: {each: loan, in: .loans, at: number}
            while: .open != null
            do:
              - write: {set: {to: '${ $loan.reader }'}, output: {as: '.to + [{ "id": $number }]'}}
        """),
    "error in place": workflow("""
        - closed: {raise: {error: {type: 'https://library.example/errors/closed', status: 503, title: Closed}}}
        """),
    "error by name": workflow(
        "- closed: {raise: {error: closed}}",
        r"""
        use:
          errors:
            closed:
              type: https://library.example/errors/closed
              status: 503
              title: Closed
              detail: ${ "\($workflow.definition.document.name) is closed" }
        """,
    ),
    "set by an expression": workflow("- start: {set: '${ $workflow.input[0] }'}"),
    "output kept in the context": workflow("""
        - reader:
            call: http
            with: {method: get, endpoint: 'https://library.example/readers/{id}', output: response}
            export: {as: {home: '${ .content.branch }'}}
        - branch: {call: http, with: {method: get, endpoint: '${ $context.home }'}}
        """),
    "switch": workflow("""
        - kind:
            switch:
              - paper: {when: .kind == "paper", then: shelf}
              - film: {when: .kind == "film", then: cabinet}
              - default: {then: unknown}
        - shelf: {set: {place: 3, open: true}, then: exit}
        - cabinet: {set: {place: Elm Street}, then: exit}
        - unknown: {set: {place: desk, message: what's this}}
        """),
    "retry in place": workflow(f"""
        - patient:
            try:
              - lend: {{call: http, with: {{method: get, endpoint: '{BOOK}'}}}}
            catch:
              errors: {{with: {{type: 'https://serverlessworkflow.io/spec/1.0.0/errors/communication', status: 503}}}}
              retry: {{delay: {{seconds: 3}}, backoff: {{exponential: {{}}}}, limit: {{attempt: {{count: 5}}}}}}
        """),
    "retry by name": workflow(
        f"""
        - patient:
            try:
              - lend: {{call: http, with: {{method: get, endpoint: '{BOOK}'}}}}
            catch: {{errors: {{with: {{status: 503}}}}, retry: default}}
        """,
        "use: {retries: {default: {delay: {seconds: 3}, backoff: {exponential: {}}, limit:"
        " {attempt: {count: 5}}}}}",
    ),
    "catch and go on": workflow("""
        - careful:
            try:
              - lend: {call: http, with: {method: get, endpoint: 'https://library.example/1'}}
            catch:
              errors: {with: {status: 404}}
              as: error
              do:
                - keep: {set: {error: $error}, export: {as: '$context + { error: $error }'}}
        - buy:
            if: $context.error == null
            call: http
            with: {method: put, endpoint: 'https://library.example/1', body: '${ . + { status: "lent" } }'}
        """),
    "wait for parts of time": workflow("- pause: {wait: {seconds: 30}}"),
    "wait for an ISO 8601 duration": workflow("- pause: {wait: PT30S}"),
    "time-out of the workflow": workflow(
        "- pause: {wait: {seconds: 60}}", "timeout: {after: {seconds: 30}}"
    ),
}
