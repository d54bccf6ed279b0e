#!/bin/sh
# Installs ffcluster @VERSION@ for this user: downloads the archive for this machine, checks its digest, unpacks it.
#   FFCLUSTER_BASE_URL     where the archives are            (default: @BASE_URL@)
#   FFCLUSTER_INSTALL_DIR  where the program goes            (default: ~/.local/share/ffcluster)
#   FFCLUSTER_BIN_DIR      where the link to it goes         (default: ~/.local/bin)
set -eu

version="@VERSION@"
base="${FFCLUSTER_BASE_URL:-@BASE_URL@}"
into="${FFCLUSTER_INSTALL_DIR:-$HOME/.local/share/ffcluster}"
bin="${FFCLUSTER_BIN_DIR:-$HOME/.local/bin}"

# Digest and name of each archive.
digests="
@DIGESTS@
"

fail() {
  echo "install.sh: $1" >&2
  exit 1
}

platform() {
  case "$(uname -s)" in
    Linux) os=linux ;;
    Darwin) os=darwin ;;
    *) fail "no archive for $(uname -s); on Windows, unpack ffcluster-$version-windows-x64.zip" ;;
  esac
  case "$(uname -m)" in
    x86_64 | amd64) cpu=x64 ;;
    aarch64 | arm64) cpu=arm64 ;;
    *) fail "no archive for $(uname -m)" ;;
  esac
  libc=""
  if [ "$os" = linux ] && ls /lib/ld-musl-* >/dev/null 2>&1 && ! ls /lib*/ld-linux-* /lib/*/ld-linux-* >/dev/null 2>&1; then
    libc=-musl
  fi
  echo "$os-$cpu$libc"
}

download() {
  if command -v curl >/dev/null 2>&1; then
    curl --fail --location --progress-bar --output "$2" "$1" || fail "$1 could not be downloaded"
  elif command -v wget >/dev/null 2>&1; then
    wget -O "$2" "$1" || fail "$1 could not be downloaded"
  else
    fail "neither curl nor wget is here; install one of them"
  fi
}

digest() {
  if command -v sha256sum >/dev/null 2>&1; then
    sha256sum "$1" | cut -d " " -f 1
  elif command -v shasum >/dev/null 2>&1; then
    shasum -a 256 "$1" | cut -d " " -f 1
  else
    fail "neither sha256sum nor shasum is here: the archive cannot be checked"
  fi
}

[ -n "$base" ] || fail "name the folder that has the archives in FFCLUSTER_BASE_URL"
here="$(platform)"
archive="ffcluster-$version-$here.tar.gz"
wanted="$(echo "$digests" | grep " $archive\$" | cut -d " " -f 1 || true)"
[ -n "$wanted" ] || fail "this release has no archive for $here"

mkdir -p "$into" "$bin"
work="$into/.installing-$$"
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
mkdir "$work"
download "$base/$archive" "$work/$archive"
found="$(digest "$work/$archive")"
[ "$found" = "$wanted" ] || fail "$archive has the digest $found instead of $wanted: it is damaged, or not the one that was released"
mkdir "$work/$version"
tar -xzf "$work/$archive" -C "$work/$version"
"$work/$version/ffcluster" --version >/dev/null || fail "$here is not what this machine runs"
if [ -e "$into/$version" ]; then
  mv "$into/$version" "$work/before"
fi
if ! mv "$work/$version" "$into/$version"; then
  # What was there before comes back: the work folder is removed at the end.
  if [ -e "$work/before" ]; then mv "$work/before" "$into/$version"; fi
  fail "$into/$version could not be put in place"
fi
ln -sf "$into/$version/ffcluster" "$bin/ffcluster"

echo "ffcluster $version is installed as $bin/ffcluster."
case ":$PATH:" in
  *":$bin:"*) echo "Next: ffcluster doctor" ;;
  *) echo "$bin is not on your PATH. Next: $bin/ffcluster doctor" ;;
esac
