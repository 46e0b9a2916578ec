"""What schemathesis is told besides `contract.toml`: rules that a schema cannot state."""

import uuid

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    """A key that was used with another body is refused, as it should be; here each good key is a new one."""
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and 0 < len(key) <= 255 and key != '"':
        # Before the last character, which may be the end of a quoted one.
        case.headers["Idempotency-Key"] = key[:-1][:219] + uuid.uuid4().hex + key[-1]


@schemathesis.hook("before_call")
def no_neighbour(context, case, kwargs):
    """`/v1/users/link` is another operation's path, and a word that answers hold."""
    if (case.path_parameters or {}).get("user_id") in ("link", "me"):
        case.path_parameters["user_id"] = "usr_00000000000000000000000000"


@schemathesis.hook
def filter_body(context, body):
    """A form in which a name stands twice is refused."""
    takes_forms = ("/v1/tokens/introspect", "/auth/login-otp", "/auth/verify-otp")
    if not context.operation.path.endswith(takes_forms) or not isinstance(body, dict):
        return True
    return not any(isinstance(value, (list, dict)) for value in body.values())
