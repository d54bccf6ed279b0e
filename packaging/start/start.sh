#!/bin/sh
# Needs no other program than ffcluster beside it, so that it works with any PATH.
case "$0" in
  */*) here="${0%/*}" ;;
  *) here=. ;;
esac
exec "$here/ffcluster" @COMMAND@ "$@"
