//! git, alone and with its own children: hooks, aliases, transports.

use crate::transparency::Stage;

/// Sessions, and how many of their commands are judged at least.
const SESSIONS: &[(&str, usize)] = &[
    ("git", 1),
    ("git --version; git --help | head -n 3; echo ${PIPESTATUS[@]}", 2),
    ("git init -q . && git status; git status --short -b; echo $?", 3),
    ("git status; echo $?", 1),
    ("git no-such-command; echo $?", 1),
    ("git init -q .; git log; echo $?", 2),
    (
        "git init -q . && echo a > a && git add a && git commit -m 'First' && git log --stat -p && \
         git show --format=%B%an%ae%cd HEAD && git rev-parse HEAD",
        6,
    ),
    (
        "git init -q .; printf 'From a pipe\\n\\nbody\\n' | git commit -q --allow-empty -F - && git log",
        3,
    ),
    (
        "git init -q .; echo 'From a file' > m; git commit -q --allow-empty -F m && git log; cat m",
        4,
    ),
    ("git init -q .; git commit -q --allow-empty -F - <<end && git log\nFrom here\nend", 3),
    ("git init -q .; git commit -q --allow-empty -F - < /dev/null; echo $?; git log; echo $?", 3),
    (
        "git init -q .; echo 'To edit' > m; GIT_EDITOR='cat m >' git commit --allow-empty; git log",
        3,
    ),
    ("git init -q .; echo a > a; git add a; git diff --cached --exit-code; echo $?", 3),
    (
        "git init -q s && git -C s commit -q --allow-empty -m x && git clone s t && git -C t log && \
         git -C t remote -v",
        5,
    ),
    (
        "git init -q --bare r.git; git init -q s; cd s; git commit -q --allow-empty -m x; \
         git push ../r.git HEAD:refs/heads/main; git push ../r.git HEAD:refs/heads/main; \
         git fetch ../r.git main; git ls-remote ../r.git; git push ../nowhere HEAD; echo $?",
        8,
    ),
    // Over ssh: bytes go both ways on standard input and output for as long as it takes.
    (
        "git init -q --bare r.git; git init -q s; cd s; head -c 300000 /dev/zero | tr '\\0' x > big; \
         git add big; git commit -q -m big; git remote add o host.example:$PWD/../r.git; \
         git push -q o HEAD:refs/heads/main; echo $?; cd ..; git clone -q host.example:$PWD/r.git t; \
         git -C t log; cat t/big | cksum; git -C t fetch; git -C t pull -q; echo $?",
        9,
    ),
    (
        "git init -q --bare r.git; git init -q s; cd s; git commit -q --allow-empty -m x; \
         export GIT_SSH_COMMAND=\"$(command -v sh) $OLDPWD/../fakes/ssh\"; \
         export GIT_SSH_VARIANT=ssh; \
         git push -q ssh://host.example$OLDPWD/r.git HEAD:refs/heads/main; echo $?; \
         git ls-remote ssh://host.example$OLDPWD/r.git",
        4,
    ),
    (
        "git init -q .; git -c alias.st='status --short' st; echo x > x; git -c alias.st='status -s' st",
        3,
    ),
    (
        "git init -q .; git config alias.top '!echo hi; git rev-parse --is-inside-work-tree; cat'; echo in | git top",
        3,
    ),
    (
        "mkdir -p a/b; git -C a init -q b; git -C a -C b status; git -C a --git-dir b/.git log; echo $?",
        3,
    ),
    (
        "git init -q .; printf '#!/bin/sh\\ngit diff --cached --name-only\\ncat\\n' > .git/hooks/pre-commit; \
         chmod +x .git/hooks/pre-commit; echo a > a; git add a; git commit -m x; \
         printf '#!/bin/sh\\nexit 5\\n' > .git/hooks/pre-commit; git commit --allow-empty -m y; echo $?",
        4,
    ),
    (
        "git init -q .; echo a > a; git add a; git commit -q -m x; git archive HEAD | tar t; git bundle create -q - HEAD | cksum",
        5,
    ),
    (
        "git init -q .; echo a > a; git add a; git commit -q -m x; echo b > a; printf 'y\\n' | git add -p; git diff --cached",
        5,
    ),
    (
        "git init -q .; seq 9 > a; git add a; git commit -q -m x; git stash; echo $?; git gc -q; git fsck; git count-objects -v | head -n 1",
        8,
    ),
    // A dialogue: an answer is read before the next question is asked.
    (
        "git init -q .; git commit -q --allow-empty -m x; coproc git cat-file --batch-check; \
         for word in HEAD nothing HEAD^{tree}; do echo $word >&${COPROC[1]}; read -r line <&${COPROC[0]}; \
         echo \"$line\"; done",
        3,
    ),
    (
        "git init -q .; for n in 1 2 3; do git commit -q --allow-empty -m $n; done; git rebase -q -x 'git log -1 --format=%s' --root; git log --format=%s",
        6,
    ),
    (
        "git init -q .; printf 'a b\\n' > 'a b'; git add .; git commit -q -m $'n\\xc3\\xa4me \\xff'; git log; git ls-files -z | cksum",
        5,
    ),
    // What git starts of itself, and what looks at where it keeps its programs.
    ("git --exec-path; git help -a | cksum; git --list-cmds=main,others | cksum", 3),
    (
        "git init -q .; printf '#!/bin/sh\\ngit --exec-path; . git-sh-setup; git_dir_init; cd_to_toplevel; echo $GIT_DIR; type require_clean_work_tree | head -n 1\\n' > .git/hooks/pre-commit; \
         chmod +x .git/hooks/pre-commit; git commit -q --allow-empty -m x; echo $?; git -c alias.p='!git --exec-path' p",
        3,
    ),
    (
        "git init -q s; cd s; echo a > a; git add a; git commit -q -m x; echo b > a; echo n > n; git stash -q -u; echo $?; git status -s; git stash pop; \
         git stash -k -q; git stash pop -q; git stash push -q -- a; git stash drop -q; git worktree add -q ../w; git -C ../w status -s; git worktree remove ../w; git worktree list | wc -l",
        12,
    ),
    (
        "git init -q s; for n in 1 2 3 4 5; do echo $n > s/f$n; git -C s add .; git -C s commit -q -m $n; done; git clone -q file://$PWD/s t; cd t; git pull -q; git pull -q --rebase; \
         git fetch --all; git remote update; git maintenance run; git repack -adq; git gc -q; git push -q origin HEAD:refs/heads/new; git bisect start HEAD HEAD~3; \
         git bisect run git cat-file -e HEAD:f4; git bisect reset; git log --format=%s --all",
        20,
    ),
    (
        "git init -q a; git -C a commit -q --allow-empty -m x; git init -q b; cd b; git -c protocol.file.allow=always submodule add -q file://$OLDPWD/a sub 2>&1; git commit -q -m sub; \
         git submodule update --force; git submodule foreach 'git log --format=%s; echo $sm_path'; git submodule status; git submodule deinit -f --all; cat .gitmodules | wc -l",
        6,
    ),
    (
        "git init -q .; for n in 1 2 3; do echo $n > $n; git add $n; git commit -q -m $n; done; echo x > 1; git rebase -q --autostash --force-rebase HEAD~2; git status -s; git checkout -q -f; \
         git branch o1 HEAD~1; for b in t1 t2; do git checkout -q -b $b HEAD~1; echo $b > $b; git add .; git commit -q -m $b; done; git checkout -q t1; git merge -q t2 HEAD~1 -m m; echo $?; \
         git filter-branch -f --msg-filter 'sed s/^/F/' HEAD~1..HEAD > /dev/null 2>&1; echo $?; git log --format=%s; git difftool -y -x 'cat' HEAD~1 HEAD; git request-pull HEAD~1 . | tail -n 3",
        20,
    ),
    (
        "git clone -q no-such-folder x; echo $?; git clone; echo $?; git -C nowhere status; echo $?",
        3,
    ),
];

#[test]
fn git_is_the_same() {
    let stage = Stage::new();
    stage.assert_same(SESSIONS.iter().copied());
}
