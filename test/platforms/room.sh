#!/bin/sh
# Makes a room in which programs of another kind run, for `npm run test:platforms`:
#
#   sudo sh test/platforms/room.sh wine DIR        # wine 10 of Debian 13, 1 GB; older wines can't start Bun
#   sudo sh test/platforms/room.sh musl DIR        # musl with libstdc++ and nothing else
#   sudo sh test/platforms/room.sh musl-arm64 DIR  # the same for arm64, under qemu-user with binfmt
#   FFCLUSTER_WINE=DIR/run npm run test:platforms  # or FFCLUSTER_MUSL; as root too
#
# DIR/run PROGRAM [ARGUMENTS] runs a program there, in the current folder: all folders of this machine are there under their
# own names, but for those of the system. Nothing stays mounted; delete DIR when you no longer want it. It needs mmdebstrap,
# and for musl pip and unzip: libstdc++ for musl comes with wheels for it. MIRROR names another mirror of Debian.
set -eu

mirror=${MIRROR:-http://deb.debian.org/debian}
kind=${1:-}
case $kind:$# in
  wine:2 | musl:2 | musl-arm64:2) ;;
  *) sed -n '2,11s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
[ "$(id -u)" -eq 0 ] || { echo "this needs root, for chroot and mount" >&2; exit 1; }
mkdir -p "$2"
dir=$(cd "$2" && pwd)
root=$dir/root

make_wine() {
  mmdebstrap --variant=minbase --aptopt='APT::Install-Recommends "false"' --include=wine,wine64 trixie "$root" "$mirror"
}

make_musl() { # Debian's name of the processor, the kernel's
  mmdebstrap --variant=extract --arch="$1" --include=musl trixie "$root" "$mirror"
  [ -e "$root/lib" ] || ln -s usr/lib "$root/lib"
  libraries=$root/usr/lib/$2-linux-musl
  wheel=$(mktemp -d)
  pip download -q --no-deps --only-binary=:all: --platform "musllinux_1_2_$2" --python-version 3.12 -d "$wheel" numpy
  unzip -q -j "$wheel"/*.whl '*/libstdc++-*' '*/libgcc_s-*' -d "$libraries"
  rm -r "$wheel"
  for library in libstdc++.so.6 libgcc_s.so.1; do
    (cd "$libraries" && ln -s "${library%%.so*}"-* "$library")
  done
}

if [ ! -f "$dir/made" ]; then
  case $kind in
    wine) make_wine ;;
    musl) make_musl amd64 x86_64 ;;
    musl-arm64) make_musl arm64 aarch64 ;;
  esac
  touch "$dir/made"
fi

of_wine=
[ $kind != wine ] || of_wine='
export WINEPREFIX=/var/lib/wine WINEDEBUG=${WINEDEBUG:--all} WINEDLLOVERRIDES="mscoree=;mshtml="
# Wine 10 aborts where TMPDIR is set.
unset DISPLAY TMPDIR TMP TEMP
set -- wine "$@"'

cat > "$dir/run" << END
#!/bin/sh
# Runs a program in $root.$of_wine
exec unshare --mount sh -c '
  set -e
  root=\$0
  for folder in /*; do
    case \$folder in
      /bin | /boot | /etc | /lib* | /lost+found | /run | /sbin | /usr | /var) continue ;;
    esac
    [ -d "\$folder" ] && [ ! -L "\$folder" ] || continue
    mkdir -p "\$root\$folder"
    mount --rbind "\$folder" "\$root\$folder"
  done
  exec unshare --root="\$root" --wd="\$(pwd)" "\$@"
' "$root" "\$@"
END
chmod 755 "$dir/run"

# The first start makes the registry and the folders of Windows.
[ $kind != wine ] || "$dir/run" wineboot --init
echo "$dir/run"
