#!/bin/sh
# The one namespace, with the retention of docs/configuration.md; `python -m workers bootstrap` adds the attributes.
set -eu
until temporal operator cluster health >/dev/null 2>&1; do sleep 1; done
temporal operator namespace describe --namespace default >/dev/null 2>&1 ||
  temporal operator namespace create --namespace default --retention 72h
