#!/bin/sh
# Checks a bundle with sh, sha256sum and openssl alone:   sh verify.sh [FOLDER [FINGERPRINT [CA]]]
# FOLDER is where this file lies unless given. FINGERPRINT is the SHA-256 of the signing key, as its owner told you (may
# be empty). CA is a file (PEM) with the certificates of the time-stamp authority that you trust.
# Ends with 0 when everything fits, with 1 when anything does not; each fault is named.
set -u
LC_ALL=C
export LC_ALL
folder=${1:-$(dirname -- "$0")}
expected=${2:-}
authority=${3:-}
case $authority in
'' | /*) ;;
*) authority=$PWD/$authority ;;
esac
case $folder in
/*) ;;
*) folder=./$folder ;;
esac
case ${TMPDIR:-} in
/*) ;;
*) TMPDIR=/tmp ;;
esac
cd "$folder" || exit 1
umask 077
scratch=$TMPDIR/verify-$$
mkdir "$scratch" || exit 1
trap 'rm -rf "$scratch"' EXIT
faults=0

ok() { printf 'ok   %s\n' "$1"; }
bad() {
  printf '%s\n' "$1" | tr -c ' -~\n' '?' | sed 's/^/BAD  /'
  faults=$((faults + 1))
}
end() {
  if [ "$faults" -eq 0 ]; then
    printf 'VERIFIED. The signing key is\n  %s\n' "$fingerprint"
    [ -n "$expected" ] || printf 'Compare it with what its owner told you by another way.\n'
    exit 0
  fi
  printf 'NOT VERIFIED: %s faults.%s\n' "$faults" "$1"
  exit 1
}

# 0. Plain files only: a link may lead anywhere, and whoever reads a pipe waits for ever.
find . ! -type d ! -type f >"$scratch/strange" || bad 'There is a folder here that this login may not look into.'
while IFS= read -r name; do bad "${name#./} is no plain file."; done <"$scratch/strange"
[ "$faults" -eq 0 ] || end ' Nothing in it was read.'

# 1. Whose it is: the signature over the list of lists.
if [ ! -f tagmanifest-sha256.txt.sig ]; then
  bad 'tagmanifest-sha256.txt.sig is missing: this bundle is not signed.'
elif openssl dgst -sha256 -verify signing-key.pem -signature tagmanifest-sha256.txt.sig \
  tagmanifest-sha256.txt >/dev/null 2>&1; then
  ok 'the list of files is signed by signing-key.pem'
else
  bad 'tagmanifest-sha256.txt is not what signing-key.pem signed: one of the two, or the signature, was changed.'
fi
fingerprint=$(openssl pkey -pubin -in signing-key.pem -outform DER 2>/dev/null | sha256sum)
fingerprint=${fingerprint%% *}
if [ -n "$expected" ] && [ "$expected" != "$fingerprint" ]; then
  bad "signing-key.pem is another key: its fingerprint is $fingerprint."
fi

# 2. Whether it is whole: every listed file as it was, and no other file.
for list in tagmanifest-sha256.txt manifest-sha256.txt; do
  if [ ! -f "$list" ]; then
    bad "$list is missing."
    continue
  fi
  # A name that leads out of this folder, or begins with a dash, is nothing that sha256sum may open.
  { grep -v '^[0-9a-f]\{64\}  [A-Za-z0-9._][A-Za-z0-9._/-]*$' "$list"; grep '[ /]\.\.\(/\|$\)' "$list"; } |
    sed "s/^/$list has a line that is no entry: /" >"$scratch/wrong"
  [ -s "$scratch/wrong" ] || sha256sum -c "$list" 2>/dev/null | grep -v ': OK$' >"$scratch/wrong"
  while IFS= read -r line; do bad "$line"; done <"$scratch/wrong"
done
{
  cut -c 67- tagmanifest-sha256.txt manifest-sha256.txt 2>/dev/null
  printf '%s\n' tagmanifest-sha256.txt tagmanifest-sha256.txt.sig
} | sort -u >"$scratch/listed"
find . ! -type d | sed 's|^\./||' | sort >"$scratch/there"
comm -13 "$scratch/listed" "$scratch/there" >"$scratch/extra"
while IFS= read -r name; do bad "$name is not listed: it was added."; done <"$scratch/extra"
[ "$faults" -eq 0 ] || end ' The record inside was not looked at.'
ok "all $(wc -l <"$scratch/there" | tr -d ' ') files are as they were listed, and there are no others"

# What follows reads lines. A byte that `read` leaves out, or a rest without an end, would be in no link.
for text in data/start.txt data/spine.txt data/entries.jsonl; do
  [ "$(tr -d '\n -~' <"$text" | wc -c)" -eq 0 ] || bad "$text holds a byte that is no plain text."
  [ -z "$(tail -c 1 "$text")" ] || bad "$text does not end with a whole line."
done
[ "$faults" -eq 0 ] || end ' The record inside was not looked at.'

# 3. The run: each line is chained to the one before, as the spine tells.
read -r run_no start head <data/start.txt
link=$(printf '%064d' 0)
number=0
while IFS= read -r line; do
  number=$((number + 1))
  set -- $(printf '%s\n%s\n' "$link" "$line" | sha256sum)
  link=$1
  printf '%s %s\n' "$number" "$link"
done <data/entries.jsonl >"$scratch/links"
sed -n "s/^[0-9]* $run_no \([0-9]*\) \([0-9a-f]*\)$/\1 \2/p" data/spine.txt >"$scratch/told"
if [ "$link" = "$head" ] && cmp -s "$scratch/links" "$scratch/told"; then
  ok "$number entries are chained, and the spine tells of each of them"
else
  first=$(diff "$scratch/links" "$scratch/told" | sed -n 's/^[<>] \([0-9]*\) .*/\1/p' | sort -n | head -n 1)
  bad "The run is not the one that the spine tells of, from entry ${first:-$number} on."
fi

# 4. The spine over all runs: chained from where this bundle begins.
link=$start
while IFS= read -r line; do
  set -- $(printf '%s\n%s\n' "$link" "$line" | sha256sum)
  link=$1
  printf '%s %s\n' "${line%% *}" "$link"
done <data/spine.txt >"$scratch/spine"
first=$(sed -n '1s/ .*//p' "$scratch/spine")
last=$(sed -n '$s/ .*//p' "$scratch/spine")
printf '%s %s\n' "$((first - 1))" "$start" >>"$scratch/spine"

# 5. The checkpoints: each signed, over this spine, and after the one before.
before=
covered=no
begun=no
[ "$first" = 1 ] && [ "$start" = "$(printf '%064d' 0)" ] && begun=yes
for note in data/checkpoints/*.note; do
  [ -f "$note" ] || continue
  size=$(sed -n 2p "$note")
  link=$(sed -n 3p "$note" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
  grep -q "^$size $link\$" "$scratch/spine" || bad "$note does not fit row $size of the spine."
  if [ -n "$before" ] && [ "$(sed -n 's/^before //p' "$note")" != "$before" ]; then
    bad "$note does not follow the one before it."
  fi
  set -- $(sha256sum <"$note")
  before=$1
  sed '/^$/,$d' "$note" >"$scratch/text"
  signed=$(sed -n '/^$/{n;p;}' "$note")
  if [ -z "$signed" ]; then
    printf 'note %s is not signed: %s\n' "$note" "$(sed -n 's/^unsigned //p' "$note")"
    continue
  fi
  printf '%s' "${signed##* }" | openssl base64 -d -A >"$scratch/signed"
  key=data/public-keys/$(od -An -v -tx1 -N4 "$scratch/signed" | tr -d ' \n').pem
  tail -c +5 "$scratch/signed" >"$scratch/signature"
  if openssl dgst -sha256 -verify "$key" -signature "$scratch/signature" "$scratch/text" >/dev/null 2>&1; then
    [ "$size" = "$last" ] && covered=yes
    [ "$size" = "$((first - 1))" ] && begun=yes
  else
    bad "$note is not signed by $key."
  fi
done
[ "$begun" = yes ] || bad 'No signed checkpoint says what stood before the spine of this bundle.'
[ "$covered" = yes ] || bad 'No signed checkpoint covers the end of the run.'
[ "$faults" -ne 0 ] || ok "rows $first to $last of the spine are chained, and signed checkpoints cover them"

# 6. The time-stamps: an authority's word that a checkpoint, and so all before it, was there by then.
for token in data/checkpoints/*.tsr; do
  [ -f "$token" ] || continue
  note=${token%.tsr}.note
  at=$(openssl ts -reply -in "$token" -text 2>/dev/null | sed -n 's/^Time stamp: //p')
  if [ -z "$authority" ]; then
    printf 'note %s says %s, and was not checked: give the certificates of its authority\n' "$token" "${at:-nothing}"
  elif openssl ts -verify -data "$note" -in "$token" -CAfile "$authority" >/dev/null 2>&1; then
    ok "$note was there by $at"
  else
    bad "$token is no time-stamp of $note by an authority in the file that you gave."
  fi
done

# 7. The material: every piece is the one that its entry speaks of.
pieces=0
for piece in data/material/*; do
  [ -f "$piece" ] || continue
  name=${piece##*/}
  set -- $(sha256sum <"$piece")
  [ "$1" = "$name" ] || bad "$piece is not what its name says."
  grep -q "\"$name\"" data/entries.jsonl || bad "No entry speaks of $piece."
  pieces=$((pieces + 1))
done
[ "$faults" -ne 0 ] || ok "$pieces pieces of material are the ones that the entries speak of"
end ''
