#!/bin/sh
# Write the store's list of users: one, with the keys of the Secret, who may do everything.
set -eu
umask 077
cat >"$1" <<JSON
{"identities": [{
  "name": "sluice",
  "credentials": [{"accessKey": "$AWS_ACCESS_KEY_ID", "secretKey": "$AWS_SECRET_ACCESS_KEY"}],
  "actions": ["Admin", "Read", "Write", "List", "Tagging"]
}]}
JSON
