#!/usr/bin/env bash
# Commits a packed package to the branch `action` and tags it, so that GitHub can run it as an action:
#
#   scripts/publish-action.sh sdr-mirror-1.2.3.tgz v1.2.3
#
# One commit a release, beside the history of the sources. The tag action-v1.2.3 never moves; action-v1 names the latest.
set -euo pipefail

package=$(realpath "$1")
version=$2
remote=${3:-origin}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if git ls-remote --exit-code "$remote" "refs/tags/action-$version" >/dev/null; then
  printf 'action-%s is there already, and stays as it is\n' "$version"
  exit 0
fi
parents=()
if git fetch --quiet "$remote" action 2>/dev/null; then parents=(-p FETCH_HEAD); fi

mkdir "$work/tree"
tar -xzf "$package" --strip-components=1 -C "$work/tree"
test -e "$work/tree/action.yml" && test -e "$work/tree/dist/cli/action.js"

# An index of its own: neither the checkout nor its branch is touched.
export GIT_AUTHOR_NAME='github-actions[bot]' GIT_AUTHOR_EMAIL='41898282+github-actions[bot]@users.noreply.github.com'
export GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL
sources=$(git rev-parse HEAD)
GIT_INDEX_FILE="$work/index" git --work-tree="$work/tree" add --all --force "$work/tree"
tree=$(GIT_INDEX_FILE="$work/index" git write-tree)
commit=$(git commit-tree "$tree" "${parents[@]}" -m "$version" -m "Built from $sources.")
git push --quiet "$remote" "$commit:refs/heads/action" "$commit:refs/tags/action-$version"
git push --quiet --force "$remote" "$commit:refs/tags/action-${version%%.*}"
printf 'action-%s is %s\n' "$version" "$commit"
