//! Shell text made up from a seed, and which programs each piece would start.
//!
//! Every program has a name of its own (`p1`, `p2`, …); what stands where nothing runs (in single
//! quotes, in a quoted heredoc) is called `no`. So what a line would start is known without anybody
//! reading it.

#![expect(clippy::arithmetic_side_effects, reason = "what is made up is short")]

/// A made-up line.
#[derive(Debug)]
pub(crate) struct Snippet {
    pub(crate) text: String,
    /// The programs that it would start.
    pub(crate) heads: Vec<String>,
}

/// The line that belongs to a number: the same each time.
pub(crate) fn snippet(seed: u64) -> Snippet {
    let mut maker = Maker { state: seed, ..Maker::default() };
    // Neighbours would be the same stream, one step apart.
    maker.state = maker.next() ^ seed.rotate_left(32);
    let depth = [0, 1, 1, 2, 2, 2, 3, 3][maker.below(8)];
    maker.list(depth);
    maker.line_end();
    Snippet { text: maker.text, heads: maker.heads }
}

/// The same text with one piece of it taken out, doubled or replaced: often no line any more.
pub(crate) fn damaged(text: &str, seed: u64) -> String {
    let mut maker = Maker { state: seed ^ 0x5851_f42d_4c95_7f2d, ..Maker::default() };
    let letters: Vec<char> = text.chars().collect();
    let at = maker.below(letters.len().max(1));
    let (head, tail) = letters.split_at(at.min(letters.len()));
    let marks = ["", ";", "'", "\"", ")", "(", "}", "|", "\n", "`", "$(", " fi ", "<<E", "&", "\\"];
    let mark = maker.one_of(&marks);
    let skipped = maker.below(3);
    head.iter().copied().chain(mark.chars()).chain(tail.iter().copied().skip(skipped)).collect()
}

#[derive(Default)]
struct Maker {
    state: u64,
    text: String,
    heads: Vec<String>,
    /// Heredocs whose bodies come behind the next line end.
    pending: Vec<(usize, bool, bool)>,
    documents: usize,
    functions: usize,
    /// Within backticks nothing stands that would need a backslash.
    ticks: bool,
    /// Within double quotes.
    quoted: bool,
}

impl Maker {
    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.next() >> 33).unwrap() % count
    }

    fn one_of(&mut self, all: &[&'static str]) -> &'static str {
        all[self.below(all.len())]
    }

    fn put(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// A line end, and the bodies of heredocs that were waiting for it.
    fn line_end(&mut self) {
        self.put("\n");
        for (number, literal, tabs) in core::mem::take(&mut self.pending) {
            let tab = if tabs { "\t" } else { "" };
            self.put(&format!("{tab}text ' of \" a\n{tab}"));
            if literal {
                self.put("$(no) `no`");
            } else {
                let outer = core::mem::take(&mut self.quoted);
                self.substitution(1);
                self.quoted = outer;
            }
            self.put(&format!("\n{tab}E{number}\n"));
        }
    }

    /// What parts two commands; nothing where a line end just stands there.
    fn part(&mut self) {
        if !self.pending.is_empty() || (!self.ticks && self.below(3) == 0) {
            self.line_end();
        } else {
            self.put("; ");
        }
    }

    fn list(&mut self, depth: usize) {
        self.chain(depth);
        for _ in 0..self.below(6).saturating_sub(3) {
            if self.pending.is_empty() && self.below(6) == 0 {
                self.put(" & ");
            } else {
                self.part();
            }
            self.chain(depth);
        }
    }

    fn chain(&mut self, depth: usize) {
        self.pipeline(depth);
        for _ in 0..self.below(6).saturating_sub(4) {
            let and = self.one_of(&[" && ", " || ", " &&\\\n ", "&&", "||"]);
            self.put(if self.ticks { " && " } else { and });
            self.pipeline(depth);
        }
    }

    fn pipeline(&mut self, depth: usize) {
        // Bash takes `time` before what is no simple command in few places only.
        match self.below(24) {
            0 | 1 => self.put("! "),
            2 => {
                self.put("time -p ");
                return self.simple(depth);
            }
            3 => {
                self.put("! time ");
                return self.simple(depth);
            }
            _ => {}
        }
        self.command(depth);
        for _ in 0..self.below(7).saturating_sub(5) {
            let pipe = self.one_of(&[" | ", "|", " |& ", " | "]);
            self.put(pipe);
            self.command(depth);
        }
    }

    fn command(&mut self, depth: usize) {
        if depth == 0 || self.ticks {
            return self.simple(0);
        }
        let within = depth - 1;
        match self.below(22) {
            0 => self.block("( ", within, ")"),
            1 => self.block("{ ", within, "}"),
            2 => self.branch(within),
            3 => {
                let head = self.one_of(&["while ", "until "]);
                self.put(head);
                self.list(within);
                self.part();
                self.block("do ", within, "done");
            }
            4 => {
                self.put("for x in ");
                self.words(within, 3);
                self.part();
                self.block("do ", within, "done");
            }
            5 => {
                self.put("for (( i = 0; i < ");
                self.calculation(0);
                self.put("; i++ )); ");
                self.block("do ", within, "done");
            }
            6 => self.case(within),
            7 => self.function(within),
            8 => self.test(within),
            9 => {
                self.put("(( i += ");
                self.calculation(within);
                self.put(" ))");
            }
            10 => self.assignments(within),
            11 => {
                self.put("select x in a b; ");
                self.block("do ", within, "done");
            }
            12 if self.below(16) == 0 => {
                self.put("coproc ");
                if self.below(2) == 0 {
                    self.put("NAME ");
                    self.block("{ ", within, "}");
                } else {
                    self.simple(within);
                }
            }
            _ => return self.simple(depth),
        }
        if self.below(4) == 0 {
            let to = self.one_of(&[" > f", " 2>&1", " >> f 2> g", " < f"]);
            self.put(to);
        }
    }

    fn block(&mut self, open: &str, depth: usize, close: &str) {
        self.put(open);
        self.list(depth);
        if close == ")" && self.pending.is_empty() {
            self.put(" ");
        } else {
            self.part();
        }
        self.put(close);
    }

    fn branch(&mut self, depth: usize) {
        self.put("if ");
        self.list(depth);
        self.part();
        self.put("then ");
        self.list(depth);
        self.part();
        if self.below(3) == 0 {
            self.put("elif ");
            self.list(depth);
            self.part();
            self.put("then ");
            self.list(depth);
            self.part();
        }
        if self.below(2) == 0 {
            self.put("else ");
            self.list(depth);
            self.part();
        }
        self.put("fi");
    }

    fn case(&mut self, depth: usize) {
        self.put("case ");
        self.word(depth);
        self.put(" in ");
        if self.below(2) == 0 && !self.pending.is_empty() {
            self.line_end();
        }
        for pattern in ["a|b*", "(c", "\"d e\"", "*"] {
            if pattern != "*" && self.below(2) == 0 {
                continue;
            }
            self.put(pattern);
            self.put(") ");
            self.list(depth);
            if !self.pending.is_empty() {
                self.line_end();
            }
            let end = self.one_of(&[";; ", ";;\n", ";& ", ";;& "]);
            self.put(end);
            if end.ends_with('\n') && !self.pending.is_empty() {
                self.line_end();
            }
        }
        self.put("esac");
    }

    fn function(&mut self, depth: usize) {
        self.functions += 1;
        let name = format!("f{}", self.functions);
        let form = self.one_of(&["@() ", "function @ ", "function @() ", "@ ()\n"]);
        let form = if self.pending.is_empty() { form } else { "@() " };
        self.put(&form.replace('@', &name));
        let (open, close) = if self.below(3) == 0 { ("( ", ")") } else { ("{ ", "}") };
        self.block(open, depth, close);
        if self.below(2) == 0 {
            self.part();
            self.put(&name);
            self.put(" ");
            self.words(depth, 2);
        }
    }

    fn test(&mut self, depth: usize) {
        self.put("[[ ");
        let unary = self.one_of(&["-n ", "! -f ", "-z ", "( -e a ) && -d "]);
        self.put(unary);
        self.word(depth);
        let more = self.one_of(&["", "", " && a == b*", " || $x =~ ^a(b|c)$", " && 1 -lt 2"]);
        self.put(more);
        self.put(" ]]");
    }

    fn assignments(&mut self, depth: usize) {
        match self.below(4) {
            0 => {
                self.put("x=");
                self.word(depth);
            }
            1 => {
                self.put("x+=(a ");
                self.words(depth, 3);
                self.put(" [7]=b)");
            }
            2 => {
                let at = self.one_of(&["x[1]=c", "x[i*2]=c", "x[$(( 3+1 ))]=c", "x[\"a\"]=c"]);
                self.put(at);
            }
            _ => {
                let declare = self.one_of(&["export ", "declare -r ", "readonly ", "typeset "]);
                self.put(declare);
                self.put("y=");
                self.word(depth);
            }
        }
    }

    fn simple(&mut self, depth: usize) {
        if self.below(6) == 0 {
            self.put("v=");
            self.word(depth);
            self.put(" ");
        }
        if self.below(12) == 0 {
            self.put("> f ");
        }
        self.head();
        if self.below(3) > 0 {
            self.put(" ");
            self.words(depth, 2);
        }
        for _ in 0..self.below(6).saturating_sub(4) {
            self.put(" ");
            self.redirect(depth);
        }
    }

    /// The name of a program, written in one of many ways.
    fn head(&mut self) {
        let name = format!("p{}", self.heads.len());
        self.heads.push(name.clone());
        let (first, rest) = name.split_at(1);
        let form = self.below(14);
        let written = match form {
            0 => format!("'{first}'{rest}"),
            1 if !self.ticks && !self.quoted => format!("\"{name}\""),
            2 if !self.ticks => format!("{first}\\{rest}"),
            3 if !self.ticks => format!("\\\n{name}"),
            _ => name,
        };
        self.put(&written);
    }

    fn words(&mut self, depth: usize, most: usize) {
        for at in 0..=self.below(most) {
            if at > 0 {
                let between = self.one_of(&[" ", " ", "  ", "\t", " \\\n"]);
                self.put(if self.ticks { " " } else { between });
            }
            self.word(depth);
        }
    }

    fn word(&mut self, depth: usize) {
        for _ in 0..=self.below(3) / 2 {
            self.piece(depth);
        }
    }

    fn piece(&mut self, depth: usize) {
        let plain = ["a", "-x", "b.c", "é", "/d/e", "~", "*.f", "[a-c]g", "{h,i}", "{1..3}", "a=b"];
        if depth == 0 || self.ticks {
            let plain = self.one_of(&plain);
            return self.put(plain);
        }
        match self.below(20) {
            0 => self.put("'$(no) `no` \"'"),
            1 => self.put("$'a\\'b\\n'"),
            2 => self.put("\\$\\(no\\)"),
            3 | 4 => self.double_quoted(depth),
            5..=7 => self.substitution(depth),
            8 => {
                let (name, close) =
                    (self.one_of(&["${x:-", "${x+", "${x#", "${x%%", "${x/a/"]), "}");
                self.put(name);
                self.piece(depth - 1);
                self.put(close);
            }
            9 => {
                let direction = self.one_of(&["<( ", ">( "]);
                self.put(direction);
                self.within(depth);
                self.put(" )");
            }
            10 => {
                let simple =
                    self.one_of(&["$x", "${x}", "$1", "$#", "$?", "${x[0]}", "${#x}", "$@"]);
                self.put(simple);
            }
            11 => self.put("${x:1:2}"),
            12 => {
                self.put("$(( ");
                self.calculation(depth);
                self.put(" ))");
            }
            _ => {
                let plain = self.one_of(&plain);
                self.put(plain);
            }
        }
    }

    fn double_quoted(&mut self, depth: usize) {
        let outer = core::mem::replace(&mut self.quoted, true);
        self.put("\"a ' $x ");
        if self.below(2) == 0 {
            self.substitution(depth);
        }
        self.put(" \\\" \\$(no)\"");
        self.quoted = outer;
    }

    /// What runs and is replaced by what it writes.
    fn substitution(&mut self, depth: usize) {
        if self.below(4) == 0 && !self.ticks {
            let outer = core::mem::replace(&mut self.ticks, true);
            self.put("`");
            self.list(0);
            self.put("`");
            self.ticks = outer;
            return;
        }
        self.put("$( ");
        self.within(depth);
        self.put(" )");
    }

    /// Commands within a word: their heredocs end there.
    fn within(&mut self, depth: usize) {
        let outer = core::mem::take(&mut self.pending);
        let quoted = core::mem::take(&mut self.quoted);
        self.list(depth.saturating_sub(1));
        if !self.pending.is_empty() {
            self.line_end();
        }
        self.quoted = quoted;
        self.pending = outer;
    }

    fn calculation(&mut self, depth: usize) {
        let simple = self.one_of(&["1", "i * 2", "(3 + x) % 4", "x > 1 ? 2 : 3", "x << 2"]);
        self.put(simple);
        if depth > 0 && self.below(3) == 0 {
            self.put(" + ");
            self.substitution(depth);
        }
    }

    fn redirect(&mut self, depth: usize) {
        match self.below(9) {
            0 | 1 if !self.ticks => {
                self.documents += 1;
                let (number, literal) = (self.documents, self.below(2) == 0);
                let tabs = self.below(3) == 0;
                let quote = if literal { "'" } else { "" };
                let dash = if tabs { "-" } else { "" };
                self.put(&format!("<<{dash}{quote}E{number}{quote}"));
                self.pending.push((number, literal, tabs));
            }
            2 => {
                self.put("<<< ");
                self.word(depth);
            }
            3 => {
                self.put("> ");
                self.word(depth.min(1));
            }
            _ => {
                let to =
                    self.one_of(&["2>&1", ">> f", "< f", "&> f", "3<&-", ">| f", "2>/dev/null"]);
                self.put(to);
            }
        }
    }
}
