//! The small commands for real, and stand-ins for those that need a service.

use crate::transparency::Stage;

/// Sessions, and how many of their commands are judged at least.
const SESSIONS: &[(&str, usize)] = &[
    ("printf 'a\\nb' > f; cat f; cat -n f f; cat f - < f; cat < f; cat - < f", 5),
    ("cat no-such-file; echo $?; cat .; echo $?; cat f < /dev/null; echo $?", 3),
    ("printf 'x\\0y\\377\\n' | cat; printf x | cat -A; cat /dev/null; cat < /dev/null", 4),
    ("seq 30000 > f; cat f | cksum; cp f g; cmp f g; cat f f f f | cksum", 3),
    (
        "seq 20 | head; seq 20 > f; head -n 3 f; head -c 5 f; head -n -18 f f; head nowhere; echo $?",
        5,
    ),
    // A reader that stops early gives back what it did not use; nobody in between may take it.
    ("seq 20 > f; (head -n 2; cat) < f; seq 5 | (head -n 1; cat)", 4),
    (
        "seq 3 > f; (env true; cat) < f; seq 3 | (env true; cat); while read -r n; do env true; echo $n; done < f",
        7,
    ),
    ("seq 3 > f; exec 0< f; read -r first; cat; echo $first", 1),
    ("echo a > a; cp a b; cp -p a c; cp -r . /dev/null; cp a; cp nowhere b; echo $?; cp -v a d", 6),
    (
        "mkdir -p x/y; echo a > x/y/z; cp -r x w; cp -rT x v; mv w u; mv -v v t; mv nowhere u; echo $?",
        5,
    ),
    ("echo a > a; mv a b; ls; mv -n b c; mv; echo $?", 3),
    (
        "echo a > a; rm a; ls; rm a; echo $?; rm -f a; rm; echo $?; mkdir -p d/e; rm d; echo $?; rm -rf d; ls",
        6,
    ),
    (
        "printf 'y\\n' > yes; echo a > a; rm -i a < yes; ls; echo a > a; printf 'n\\n' | rm -iv a; ls",
        2,
    ),
    (
        "env -i A=b env; env -i; env A=1 A=2 sh -c 'echo $A'; env nowhere; echo $?; env -i sh -c 'exit 9'; echo $?",
        5,
    ),
    (
        "env -u HOME sh -c 'echo ${HOME-none}'; env --chdir=/ pwd; env -S 'printf %s-%s a b'; env true; env false; echo $?",
        5,
    ),
    (
        "npm install --save 'a b' '' \"it's\"; echo $?; npm < /dev/null; echo in | npm run x -- --y",
        3,
    ),
    (
        "echo body | docker run -i --rm alpine cat; echo $?; docker ps; docker build -t x .; docker",
        4,
    ),
    (
        "kubectl get pods -o json; echo x | kubectl apply -f -; kubectl exec -i pod -- sh -c 'a b' < /dev/null",
        3,
    ),
    (
        "psql -c 'select 1'; echo 'select 1;' | psql app; psql -h db.example -f - < /dev/null; psql",
        4,
    ),
    ("aws s3 ls; echo x > f; aws s3 cp f s3://bucket/k; echo x | aws s3 cp - s3://bucket/k", 3),
    ("pip install -r nowhere; pip --version; cargo build; cargo run -- --flag; cargo", 5),
    (
        "echo hi | ssh host.example 'cat; exit 4'; echo $?; ssh host.example echo a b; ssh -T host.example true; echo $?",
        3,
    ),
    ("echo x > f; scp f host.example:; rsync -av f host.example:x; rsync f g; scp; echo $?", 4),
    (
        "wget -qO- https://name.example/; echo $?; wget --post-data a=b https://name.example/; wget",
        3,
    ),
    // Names, arguments and folders of all kinds.
    (
        "printf x > $'a\\xff'; cat $'a\\xff'; cp $'a\\xff' $'b\\xfe\\n'; ls -b; cat $'no\\xff'; echo $?; npm $'\\xff\\x01' $'\\n'",
        4,
    ),
    (
        "printf x > -; printf y > ./--; cat ./-; cat -- --; cat -- -n; echo $?; cp -- -- z; rm -- --; ls",
        5,
    ),
    ("env printf '%s\\n' $(seq 10000) | cksum; npm $(seq 10000) | cksum", 2),
    (
        "env echo $(seq 50000) | cksum; x=$(head -c 130000 /dev/zero | tr '\\0' x); env printf %s $x $x $x $x $x $x $x $x | cksum",
        2,
    ),
    (
        "mkdir d; cd d; rmdir ../d; echo x > ../f; cat ../f; cat /dev/null; env pwd; npm x; head nowhere; git status; echo $?",
        6,
    ),
    ("mkdir d; echo x > d/f; chmod 0 d/f; cp d/f g; echo $?; cd d; chmod 300 .; cat f; echo $?", 2),
    (
        "umask 027; echo a > a; cp a b; stat -c %a b; env sh -c umask; nice -n 3 env nice; env sh -c 'ulimit -n 50; ulimit -n'",
        4,
    ),
    (
        "ulimit -n 40; env sh -c 'ulimit -n'; ulimit -f 100000; env sh -c 'ulimit -f'; ulimit -c 0; cat /dev/null",
        3,
    ),
    ("ulimit -v 2000000; cat /dev/null; ulimit -s 1024; env sh -c 'ulimit -s'", 2),
    (
        "cat /proc/self/cmdline | tr '\\0' ' '; env cat /proc/self/cmdline | tr '\\0' ' '; cat /proc/self/comm",
        4,
    ),
];

#[test]
fn every_program_is_the_same() {
    let stage = Stage::new();
    stage.assert_same(SESSIONS.iter().copied());
}
