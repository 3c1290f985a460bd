//! What each wrapper starts, and what starts nothing.

use std::ffi::OsStr;

use super::*;
use crate::world::World;

/// What a line of words parted by blanks starts, `_` standing for a blank within a word.
fn started(line: &str, input: Option<&str>) -> Vec<String> {
    let words: Vec<Word> = line.split(' ').map(|word| Word::of(word.replace('_', " "))).collect();
    let world = World::default();
    let shown = |start: &Start<'_>| {
        let show = |words: &[Word]| {
            let texts = words.iter().map(|word| {
                let text = word.text.to_string_lossy().into_owned();
                if word.known { text } else { format!("?{text}") }
            });
            texts.collect::<Vec<_>>().join("|")
        };
        let text = match &start.what {
            What::Command(words) => show(words),
            What::Input(language) => format!("<{language:?}"),
            What::Made => String::from("made"),
            What::Line(text, rest) => {
                let text = std::slice::from_ref(text);
                format!("`{}` {}", show(text), show(rest)).trim_end().to_owned()
            }
        };
        if start.elsewhere { format!("far {text}") } else { text }
    };
    behind(&words, input, &world).iter().map(shown).collect()
}

#[test]
fn the_command_behind_each_wrapper_is_told() {
    for (line, expected) in [
        ("sudo rm -rf /", "rm|-rf|/"),
        ("sudo -u ann -H -n A=b rm x", "rm|x"),
        ("doas rm x", "rm|x"),
        ("env A=b sh -c x", "sh|-c|x"),
        ("env -i nobody-knows x", "nobody-knows|x"),
        ("nice -n 10 rm x", "rm|x"),
        ("nice -10 rm x", "rm|x"),
        ("nohup rm -rf x", "rm|-rf|x"),
        ("time -p rm x", "rm|x"),
        ("timeout -k 5 10s rm x", "rm|x"),
        ("stdbuf -oL rm x", "rm|x"),
        ("setsid -f rm x", "rm|x"),
        ("xargs -0 -n 1 rm -f", "rm|-f"),
        ("command -p rm x", "rm|x"),
        ("builtin echo", "echo"),
        ("exec -a y rm x", "rm|x"),
        ("busybox rm -rf x", "rm|-rf|x"),
        ("watch -n 5 rm_-rf_/", "`rm -rf /`"),
        ("watch -x rm x", "rm|x"),
        ("eval rm -rf /", "`rm -rf /`"),
        ("su - ann -c id", "`id`"),
        ("su -c id", "`id`"),
        ("sh -c rm_x", "`rm x`"),
        ("bash -lc rm_x", "`rm x`"),
        ("bash -xec rm_x a b", "`rm x` a|b"),
        ("bash -c -e rm_x", "`rm x`"),
        ("bash -euo pipefail -c rm_x", "`rm x`"),
        ("zsh -c -- rm_x", "`rm x`"),
        ("ssh -p 22 me@host rm -rf /", "far `rm -rf /`"),
        ("find / -delete", "rm|-r|-f|--|/"),
        ("find -type f -delete", "rm|-r|-f|--|."),
        ("find a b -exec chmod 1 {} + -print", "chmod|1|a\nchmod|1|b"),
        ("find / -exec rm -rf {} ;", "rm|-r|-f|--|/"),
        ("find . -name x -exec sh -c y {} ;", "sh|-c|y|?$(…)"),
        ("parallel rm -rf {} ::: / a", "`rm -rf /`\n`rm -rf a`"),
        ("sshpass -p x rm y", "rm|y"),
        ("rimraf a b", "rm|-r|-f|--|a|b"),
        ("gio remove a b", "rm|-r|-f|--|a|b"),
        ("blkdiscard -f /dev/sdb", "rm|-r|-f|--|/dev/sdb"),
        ("sgdisk --zap-all /dev/sdb", "rm|-r|-f|--|/dev/sdb"),
        ("fdisk -l /dev/sdb", ""),
        ("fd . /x -x rm -rf {}", "rm|-r|-f|--|/x"),
        ("fd -H . /x /y -X rm", "rm|-r|-f|--|/x|/y"),
        ("fd -e pyc . /x -x rm {}", "rm|?$(…)"),
        ("fd pyc$ -x rm", "rm|?$(…)"),
        ("fd . /x -x chmod 1 {}", "chmod|1|/x"),
        ("bwrap --bind / / rm -rf x", "rm|-rf|x"),
        ("capsh --drop=x -- -c rm_y", "`rm y`"),
        ("ts rm -rf x", "rm|-rf|x"),
        ("npm exec -c rm_y", "`rm y`"),
        ("npm exec -- rimraf x", "rimraf|x"),
        ("pnpm dlx rimraf x", "rimraf|x"),
        ("sftp -o ProxyCommand=rm_y host", "`rm y`"),
        ("pdsh -w a,b rm y", "far `rm y`"),
        ("mosh host -- rm y", "far `rm y`"),
        ("ansible all -m shell -a rm_y", "far `rm y`"),
        ("git send-email --sendmail-cmd=rm_y a", "`rm y`"),
        ("make --eval=x:;rm_y x", "`rm y`"),
        ("psql -c \\!_rm_y", "` rm y`"),
        ("psql -c COPY_t_TO_PROGRAM_'rm_y'", "`rm y`"),
        ("psql -c select_1", ""),
        ("mysql -e system_rm_y", "`rm y`"),
        ("guile -c (system_'rm_y')", "`rm y`\n`rm y`"),
        (
            "docker run --entrypoint rm -v /srv:/s img -rf /s/x",
            "far rm|-rf|/s/x\nfar rm|-rf|/srv/x",
        ),
        ("git -c alias.x=!rm_y x", "`rm y`"),
        ("git -c core.pager=rm_y log", "`rm y`"),
        ("git -c core.fsmonitor=true status", ""),
        ("git -c filter.x.clean=rm_y add .", "`rm y`"),
        ("git config alias.x !rm_y", "`rm y`"),
        ("git config --global core.pager rm_y", "`rm y`"),
        ("git config --get core.pager", ""),
        ("git config user.name Ann", ""),
        ("git clone ext::sh_-c_rm%_y z", "sh|-c|rm y"),
        ("git difftool -y -x rm_y", "`rm y`"),
        ("git fetch --upload-pack=rm_y .", "`rm y`"),
        ("env PAGER=rm_y git log", "`export PAGER='rm y'`\ngit|log"),
        ("env A=b git log", "git|log"),
        ("ssh -o ProxyCommand=rm_y host", "`rm y`"),
        ("ssh -o proxycommand_rm_y host", "`rm y`"),
        ("ssh -o ProxyCommand=none host", ""),
        ("scp -o LocalCommand=rm_y a host:b", "`rm y`"),
        ("rsync -e ssh a host:b", "`ssh`"),
        ("make SHELL=rm_y all", "`rm y`"),
        ("tmux send-keys -t 1 rm_y Enter", "`rm y Enter`"),
        ("uv run rm y", "rm|y"),
        ("op run --env-file .env -- rm y", "rm|y"),
        ("aws-vault exec dev -- rm y", "rm|y"),
        ("conda run -n base rm y", "rm|y"),
        ("nix shell nixpkgs#x -c rm y", "rm|y"),
        ("npx -c rm_y", "`rm y`"),
        ("gdb --batch -ex shell_rm_y", "`rm y`"),
        ("perf stat -e cycles rm y", "rm|y"),
        ("man -P rm_y ls", "`rm y`"),
        ("git rebase -x rm_y HEAD~1", "`rm y`"),
        ("git bisect run rm y", "rm|y"),
        ("git submodule foreach rm_y", "`rm y`"),
        ("find / -not -name x -delete", "rm|-r|-f|--|/"),
        ("find / ! -name x -delete", "rm|-r|-f|--|/"),
        ("find / -name * -delete", "rm|-r|-f|--|/"),
        ("find a -exec rm -rf / ;", "rm|-rf|/"),
        ("bash <(…)", "made"),
        ("ruby -e `rm_x`", "`rm x`"),
        ("python3 -c import_os;os.system('rm_-rf_/')", "`rm -rf /`"),
        ("docker exec -it box rm -rf /", "far rm|-rf|/"),
        ("docker run --rm -v /:/x alpine sh -c rm_x", "far sh|-c|rm x"),
        ("kubectl exec -it pod -c web -- rm -rf /", "far rm|-rf|/"),
        ("kubectl exec pod rm -rf /", "far rm|-rf|/"),
        ("podman exec box rm x", "far rm|x"),
        ("tar cf a.tar --checkpoint=1 --checkpoint-action=exec=rm_x .", "`rm x`"),
        ("tar xf a.tar --to-command=rm_x", "`rm x`"),
        ("tar cIf rm_x a.tar .", "`rm x`"),
        ("tar --checkpoint-action=dot -cf a.tar .", ""),
        ("sed -n 1e_rm_-rf_x a", "`rm -rf x`"),
        ("sed -e s/a/b/ -e 1!{e_rm_x a", "`rm x`"),
        ("sed s/.*/rm_x/e a", "made"),
        ("sed -i s/e_rm/x/g a", ""),
        ("vim -c :!rm_x a", "`rm x`"),
        ("vim +!rm_x a", "`rm x`"),
        ("vim -c wq a", ""),
        ("vim -c :%!rm_x a", "`rm x`"),
        ("nvim --headless +silent_!rm_x a", "`rm x`"),
        ("nvim +call_system('rm_x') +qa", "`rm x`"),
        ("vim -c call_delete('x','rf') -c q", "rm|-r|-f|--|x"),
        ("vim +12 a", ""),
        ("vim -c %s/rm_x/y/g -c wq a", ""),
        ("awk BEGIN{while((getline_l<'/srv/a')>0)print_l}", "cat|--|/srv/a"),
        ("awk {print>'/srv/a'} x", "tee|--|/srv/a"),
        ("awk $1>'b'{print}", ""),
        ("socat TCP-LISTEN:1 EXEC:rm_x,pty", "`rm x`"),
        ("socat - system:rm_x", "`rm x`"),
        ("nc -lvp 1 -e /bin/sh", "`/bin/sh`"),
        ("nc host 1 -c rm_x", "`rm x`"),
        ("php -r system('rm_x');", "`rm x`"),
        ("make", ""),
        ("docker run --rm -v /:/host img rm -rf /host/x", "far rm|-rf|/host/x\nfar rm|-rf|/x"),
        ("docker run img", ""),
    ] {
        assert_eq!(started(line, None).join("\n"), expected, "{line}");
    }
}

#[test]
fn what_starts_nothing_is_told_as_nothing() {
    for line in [
        "git status",
        "rm -rf /",
        "command -v rm",
        "sudo -l rm",
        "xargs",
        "sh x.sh -c y",
        "find . -name x -delete",
        "find / -print",
        "bash --version",
        "python3 -m json.tool",
        "python3 x.py",
        "python --version",
        "awk {print}",
        "node -v",
        "make",
    ] {
        assert_eq!(started(line, None), [""; 0], "{line}");
    }
}

#[test]
fn standard_input_is_the_program_or_gives_the_words() {
    for (line, expected) in [
        ("sh", "<Shell"),
        ("bash -s -- x", "<Shell"),
        ("bash /dev/stdin", "<Shell"),
        ("sudo bash", "bash"),
        ("python3 -", "<Code"),
        ("at now", "<Shell"),
        ("sudo -s", "<Shell"),
        ("su -", "<Shell"),
        ("ssh host", "far <Shell"),
        ("node", "<Code"),
        ("xargs rm -rf", "rm|-rf|/|a"),
        ("make -f -", "<Rules"),
        ("ed", "<Orders"),
        ("psql", "<Orders"),
        ("crontab -", "<Schedule"),
        ("make -f Makefile all", ""),
        ("xargs -I{} rm {}", "rm|/\nrm|a"),
        ("xargs -i rm {}", "rm|/\nrm|a"),
        ("parallel rm", "`rm /`\n`rm a`"),
    ] {
        assert_eq!(started(line, Some("/\na\n")).join("\n"), expected, "{line}");
    }
    assert_eq!(started("xargs -I% sh -c %", None), ["sh|-c|?$(…)"]);
}

#[test]
fn aliases_of_git_are_what_they_stand_for() {
    let answers = [
        ("git config --get alias.p", "push --force\n"),
        ("git -C /x config --get alias.p", "push 'a b'\n"),
        ("git config --get alias.x", "!rm -rf /\n"),
    ];
    let world = World {
        outputs: answers.map(|(line, answer)| (line.to_owned(), answer.to_owned())).into(),
        ..World::default()
    };
    for (line, expected) in [
        ("git p origin", What::Command(["git", "push", "--force", "origin"].map(Word::of).into())),
        ("git -C /x p", What::Command(["git", "-C", "/x", "push", "a b"].map(Word::of).into())),
        ("git x y", What::Line(Word::of("rm -rf / \"$@\""), ["x", "y"].map(Word::of).into())),
    ] {
        let words: Vec<Word> = line.split(' ').map(Word::of).collect();
        let starts = behind(&words, None, &world);
        assert_eq!(starts.into_iter().map(|it| it.what).collect::<Vec<_>>(), [expected], "{line}");
    }
    let words: Vec<Word> = ["git", "nothing"].map(Word::of).into();
    assert!(behind(&words, None, &world).is_empty());
}

#[test]
fn variables_in_front_are_those_of_the_command() {
    let words = ["sudo", "X=rm", "sh"].map(Word::of);
    let world = World::default();
    let starts = behind(&words, None, &world);
    assert_eq!(starts[0].world.variable("X"), Some(OsStr::new("rm")));
    assert!(may_start("python3.12") && may_start("env") && !may_start("ls"));
}

#[test]
fn a_call_of_git_that_starts_something_says_so() {
    let set = |name: &str, value: &str| (name.to_owned(), value.into());
    let counted = || {
        let pairs = [("COUNT", "1"), ("KEY_0", "core.pager"), ("VALUE_0", "rm -rf x")];
        pairs.map(|(name, value)| set(&format!("GIT_CONFIG_{name}"), value)).to_vec()
    };
    let inherited = vec![set("GIT_CONFIG_PARAMETERS", "'core.pager'='rm -rf x'")];
    for (line, variables) in [
        ("git config core.pager rm", Vec::new()),
        ("git clone ext::rm%\u{20}x y", Vec::new()),
        ("git log", counted()),
        ("git -C x", counted()),
        ("git --help", counted()),
        ("git -c man.x.cmd=rm log --help", Vec::new()),
        ("git log", inherited),
    ] {
        let world = World { variables: variables.into_iter().collect(), ..World::default() };
        let argv: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let words: Vec<Word> = argv.iter().map(Word::of).collect();
        assert_eq!(behind(&words, None, &world).len(), 1, "{line}");
        assert!(interpret::interpret(&argv, &world).starts, "{line}");
    }
}
