"""Verifies one webhook the way a partner does, with the `standardwebhooks` package of PyPI.

    echo '{"secret":"whsec_…","headers":{"webhook-id":…},"body":"…"}' | python verify_webhook.py

`body` is the raw body as text. Prints `ok`; otherwise says why not and exits 1.
"""

import json
import sys

from standardwebhooks.webhooks import Webhook

try:
    job = json.load(sys.stdin)
    Webhook(job["secret"]).verify(job["body"], job["headers"])
    print("ok")
except Exception as error:
    print(f"{type(error).__name__}: {error}", file=sys.stderr)
    sys.exit(1)
