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
each_bad() { while IFS= read -r fault; do bad "$fault"; done <"$1"; }
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
  each_bad "$scratch/wrong"
done
{
  cut -c 67- tagmanifest-sha256.txt manifest-sha256.txt 2>/dev/null
  printf '%s\n' tagmanifest-sha256.txt tagmanifest-sha256.txt.sig
} | sort >"$scratch/names"
uniq -d <"$scratch/names" | sed 's/$/ is listed twice./' >"$scratch/wrong"
each_bad "$scratch/wrong"
sort -u "$scratch/names" >"$scratch/listed"
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
grep -vn '^[1-9][0-9]* [1-9][0-9]* [1-9][0-9]* [0-9a-f]\{64\}$' data/spine.txt |
  sed 's/^\([0-9]*\):.*/Line \1 of data\/spine.txt is no row of a spine./' >"$scratch/wrong"
each_bad "$scratch/wrong"
if [ "$(wc -l <data/start.txt)" -ne 1 ] || ! grep -q '^[1-9][0-9]* [0-9a-f]\{64\} [0-9a-f]\{64\}$' data/start.txt; then
  bad 'data/start.txt is not one line of a number and two links.'
fi
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
# Each line says itself which run it belongs to, and which number it has there: its last three words.
run=$(sed -n '1s/.*,"run":"\([a-z0-9-]*\)","seq":1,"v":1}$/\1/p' data/entries.jsonl)
awk -v run="$run" '{
  end = ",\"run\":\"" run "\",\"seq\":" NR ",\"v\":1}"
  if (substr($0, length($0) - length(end) + 1) != end)
    print "Entry " NR " is not entry " NR " of run " run ": it ends with ..." substr($0, length($0) - length(end) + 1)
}' data/entries.jsonl >"$scratch/wrong"
each_bad "$scratch/wrong"

# 4. The spine over all runs: chained from where this bundle begins.
link=$start
while IFS= read -r line; do
  set -- $(printf '%s\n%s\n' "$link" "$line" | sha256sum)
  link=$1
  printf '%s %s\n' "${line%% *}" "$link"
done <data/spine.txt >"$scratch/spine"
first=$(sed -n '1s/ .*//p' "$scratch/spine")
last=$(sed -n '$s/ .*//p' "$scratch/spine")
awk 'NR > 1 && $1 != last + 1 { print "Row " last " of the spine is followed by row " $1 "." } { last = $1 }' \
  data/spine.txt >"$scratch/wrong"
each_bad "$scratch/wrong"
printf '%s %s\n' "$((first - 1))" "$start" >>"$scratch/spine"

# 5. The checkpoints: each signed, over this spine, and after the one before.
before=
follows=
journal=$(sed 1q data/checkpoints/*.note 2>/dev/null)
covered=no
begun=no
[ "$first" = 1 ] && [ "$start" = "$(printf '%064d' 0)" ] && begun=yes
for note in data/checkpoints/*.note; do
  [ -f "$note" ] || continue
  number=${note##*/}
  number=$(printf '%s\n' "${number%.note}" | sed 's/^0*//')
  [ "$(sed -n 's/^no //p' "$note")" = "$number" ] || bad "$note does not call itself number $number."
  # A gap is in order only before one that declares what was lost.
  if [ -n "$follows" ] && [ "$number" != "$follows" ] && ! grep -q '^known ' "$note"; then
    bad "$note stands where number $follows should follow: one or more were taken out."
  fi
  follows=$((number + 1))
  [ "$(sed 1q "$note")" = "$journal" ] || bad "$note is of another journal."
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

# 7. The material: every piece is the one that an entry speaks of, and each that an entry speaks of is here or was erased.
# Step 2 has shown that files are as they were listed, so the list tells what they hold.
grep '  data/material/' manifest-sha256.txt | sed 's|  data/material/| |' >"$scratch/material"
# Who names it: fields called ..._blob or blob, and the files of a KEY's call. As "entry field digest", one in each line.
{
  grep -no '"[a-z_]*blob":"[^"]\{1,\}"' data/entries.jsonl
  grep -noE '"files":\{("([^"\\]|\\.)*":"[^"]+",?)+\}' data/entries.jsonl | while IFS= read -r found; do
    printf '%s\n' "$found" | grep -o '":"[^"]\{1,\}"' | sed "s/^\"/${found%%:*}:\"file\"/"
  done
} | sed 's/^\([0-9]*\):"\([a-z_]*\)":"\(.*\)"$/\1 \2 \3/' | sort -u | sort -n >"$scratch/named"
grep -n '"event":"MaterialErased","run":' data/entries.jsonl | while IFS= read -r found; do
  printf '%s\n' "$found" | grep -o '"digests":\[[^]]*]' | tr '[,' '\n\n' | sed -n "s/^\"\([0-9a-f]*\)\"]*$/${found%%:*} \1/p"
done >"$scratch/erased"
{
  sed 's/^/here /' "$scratch/material"
  sed 's/^/erased /' "$scratch/erased"
  sed 's/^/named /' "$scratch/named"
} | awk '
  $1 == "here" { here[$3]; if ($2 != $3) print "data/material/" $3 " is not what its name says." }
  $1 == "erased" { gone[$3] = $2 + 0 }
  $1 == "named" {
    spoken[$4]
    if (!($4 in here) && gone[$4] + 0 <= $2 + 0)
      print "Entry " $2 ": its material " $4 " (" $3 ") is not here, and no later entry says that it was erased."
  }
  END { for (digest in here) if (!(digest in spoken)) print "No entry speaks of data/material/" digest "." }
' >"$scratch/wrong"
each_bad "$scratch/wrong"
[ "$faults" -ne 0 ] || ok "$(wc -l <"$scratch/material" | tr -d ' ') pieces of material are the ones that the entries speak of"

# 8. The copies for reading: what stands in notes, attachments, evidence and inputs is the material of its entry, byte for byte.
awk 'NR == FNR { here[$2]; next } $3 in here' "$scratch/material" "$scratch/named" | while read -r number field digest; do
  set -- $(tail -c +17 "data/material/$digest" | sha256sum)
  printf 'material %s %s %s\n' "$1" "$number" "$field"
done >"$scratch/contents"
grep -E '  data/(inputs\.json$|(notes|attachments|evidence|outputs|other)/)' manifest-sha256.txt |
  sed 's/^/copy /' >"$scratch/copies"
cat "$scratch/contents" "$scratch/copies" | awk '
  $1 == "material" {
    held[$3 " " $2]
    is_rewritten = $4 == "pack_blob" || $4 == "output_blob" || ($4 == "blob" && $3 == 1)
    if (!is_rewritten) unread[$3 " " $2] = "Entry " $3 ": the copy of its material (" $4 ") was changed or is missing."
    next
  }
  {
    number = $3
    sub(/^data\/(evidence\/[0-9]+-|[a-z]+\/)/, "", number)
    number = $3 == "data/inputs.json" ? 1 : number + 0
    if ((number " " $2) in held) delete unread[number " " $2]
    else if ($3 !~ /^data\/outputs\/.*-(stdout\.txt|stderr\.txt|rows\.json|result\.json)$/)
      print $3 " is not what the material of entry " number " holds."
  }
  END { for (each in unread) print unread[each] }
' >"$scratch/wrong"
each_bad "$scratch/wrong"
[ "$faults" -ne 0 ] || ok 'the notes, attached files, evidence and inputs are copies of that material'
end ''
