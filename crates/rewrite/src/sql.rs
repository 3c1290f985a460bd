//! A limit on the rows of a query, put in where the dialect has it.
//!
//! Only a single reading query gets one. The text is changed in one place, and then both texts are
//! parsed: the new one must be the old one but for its limit. Nothing else proves it.

use sqlparser::ast::{LimitClause, Query, SetExpr, Statement};
use sqlparser::dialect::{
    Dialect, GenericDialect, MsSqlDialect, MySqlDialect, OracleDialect, PostgreSqlDialect,
    SQLiteDialect,
};
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

use crate::Refusal;

/// The most rows that a query gets.
const ROWS: &str = "1000";

/// How deep the parser goes.
const DEEPEST: usize = 64;

/// The longest text that is parsed, in bytes.
const LONGEST: usize = 256 << 10;

/// A dialect by the name of a program or of an argument of a tool.
pub(crate) fn dialect(name: &str) -> Box<dyn Dialect> {
    match name.to_ascii_lowercase().as_str() {
        "psql" | "postgres" | "postgresql" | "pg" | "redshift" => Box::new(PostgreSqlDialect {}),
        "mysql" | "mariadb" => Box::new(MySqlDialect {}),
        "sqlite" | "sqlite3" => Box::new(SQLiteDialect {}),
        "mssql" | "sqlserver" | "sqlcmd" | "tsql" => Box::new(MsSqlDialect {}),
        "oracle" | "sqlplus" => Box::new(OracleDialect {}),
        _ => Box::new(GenericDialect {}),
    }
}

/// `text` with a limit; `None` when its outer query has one.
///
/// # Errors
/// When it is not one reading query, or the limit could not be proven to be all that changed.
pub(crate) fn limited(text: &str, dialect: &dyn Dialect) -> Result<Option<String>, Refusal> {
    let query = only_query(text, dialect)?;
    if has_limit(&query) {
        return Ok(None);
    }
    let tokens = Tokenizer::new(dialect, text).tokenize_with_location();
    let tokens = tokens.map_err(|_| Refusal("the query cannot be read".to_owned()))?;
    readable(&query, &tokens)?;
    let changed = with_limit(text, (&query, &tokens), dialect)
        .ok_or_else(|| Refusal("where a limit would stand cannot be told".to_owned()))?;
    let mut proof = only_query(&changed, dialect)?;
    if !has_limit(&proof) {
        return Refusal::because("the query with a limit would not be read as one");
    }
    without_limit(&mut proof);
    if proof == query {
        return Ok(Some(changed));
    }
    Refusal::because("a limit would change more of the query than its rows")
}

/// The query that is all of the text.
fn only_query(text: &str, dialect: &dyn Dialect) -> Result<Query, Refusal> {
    let unread = "it is not a single query that reads";
    if text.len() > LONGEST {
        return Refusal::because("the query is too long to be looked at");
    }
    let parser = Parser::new(dialect).with_recursion_limit(DEEPEST).try_with_sql(text);
    let statements = parser.and_then(|mut parser| parser.parse_statements());
    let statements = statements.map_err(|_| Refusal(unread.to_owned()))?;
    match <[Statement; 1]>::try_from(statements) {
        Ok([Statement::Query(query)]) => Ok(*query),
        Ok(_) | Err(_) => Refusal::because(unread),
    }
}

fn has_limit(query: &Query) -> bool {
    let top = matches!(&*query.body, SetExpr::Select(select) if select.top.is_some());
    let clause = match &query.limit_clause {
        Some(LimitClause::LimitOffset { limit, .. }) => limit.is_some(),
        Some(LimitClause::OffsetCommaLimit { .. }) => true,
        None => false,
    };
    top || clause || query.fetch.is_some()
}

fn without_limit(query: &mut Query) {
    query.fetch = None;
    if let SetExpr::Select(select) = &mut *query.body {
        select.top = None;
    }
    match &mut query.limit_clause {
        Some(LimitClause::LimitOffset { limit, offset: Some(_), .. }) => *limit = None,
        Some(_) => query.limit_clause = None,
        None => {}
    }
}

/// An error for a query that does more than read, or reads no table.
fn readable(query: &Query, tokens: &[TokenWithSpan]) -> Result<(), Refusal> {
    if writes(tokens) {
        return Refusal::because("the query writes, too");
    }
    match &*query.body {
        SetExpr::Select(select) if select.from.is_empty() => {
            Refusal::because("the query reads no table")
        }
        SetExpr::Select(_) | SetExpr::SetOperation { .. } | SetExpr::Query(_) => Ok(()),
        SetExpr::Values(_)
        | SetExpr::Insert(_)
        | SetExpr::Update(_)
        | SetExpr::Delete(_)
        | SetExpr::Merge(_)
        | SetExpr::Table(_) => Refusal::because("it is not a query of rows"),
    }
}

/// Whether a word of the text writes, however deep it stands (`WITH x AS (DELETE …)`); the `UPDATE` of
/// `FOR UPDATE` does not.
fn writes(tokens: &[TokenWithSpan]) -> bool {
    let writing = [Keyword::DELETE, Keyword::INSERT, Keyword::INTO, Keyword::MERGE];
    let mut locks = false;
    tokens.iter().filter(|it| !matches!(it.token, Token::Whitespace(_))).any(|token| {
        let update = is_word(token, Keyword::UPDATE) && !locks;
        locks = is_word(token, Keyword::FOR)
            || (locks && (is_word(token, Keyword::NO) || is_word(token, Keyword::KEY)));
        update || writing.iter().any(|keyword| is_word(token, *keyword))
    })
}

/// The text with the clause of its dialect put in.
fn with_limit(
    text: &str,
    (query, tokens): (&Query, &[TokenWithSpan]),
    dialect: &dyn Dialect,
) -> Option<String> {
    let places = Places::of(text);
    if dialect.is::<MsSqlDialect>() {
        let SetExpr::Select(select) = &*query.body else { return None };
        let mut after = select.select_token.0.span.end;
        if select.distinct.is_some() {
            let mut words = tokens.iter().skip_while(|it| it.span.start < after);
            after = words.find(|it| is_word(it, Keyword::DISTINCT))?.span.end;
        }
        return Some(put(text, places.offset(after)?, &format!(" TOP {ROWS}")));
    }
    let at = places.offset(end_of_query(tokens, query)?)?;
    let clause = if dialect.is::<OracleDialect>() {
        format!(" FETCH FIRST {ROWS} ROWS ONLY")
    } else {
        format!(" LIMIT {ROWS}")
    };
    Some(put(text, at, &clause))
}

fn put(text: &str, at: usize, clause: &str) -> String {
    let (before, behind) = text.split_at_checked(at).unwrap_or((text, ""));
    format!("{before}{clause}{behind}")
}

/// Where the query ends: behind its last word, before what locks its rows.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a hundred kinds of tokens, of which few matter"
)]
fn end_of_query(tokens: &[TokenWithSpan], query: &Query) -> Option<Location> {
    let mut depth = 0_i32;
    let mut last = None;
    for token in tokens {
        match &token.token {
            Token::Whitespace(_) => continue,
            Token::SemiColon | Token::EOF if depth == 0 => break,
            Token::LParen => depth = depth.saturating_add(1),
            Token::RParen => depth = depth.saturating_sub(1),
            _ if depth == 0 && !query.locks.is_empty() && is_word(token, Keyword::FOR) => break,
            _ => {}
        }
        last = Some(token.span.end);
    }
    last
}

fn is_word(token: &TokenWithSpan, keyword: Keyword) -> bool {
    matches!(&token.token, Token::Word(word) if word.keyword == keyword && word.quote_style.is_none())
}

/// Places by line and column, as the parser counts them, in bytes.
struct Places<'t> {
    text: &'t str,
    lines: Vec<usize>,
}

impl<'t> Places<'t> {
    fn of(text: &'t str) -> Self {
        let starts = text.match_indices('\n').map(|(at, _)| at.saturating_add(1));
        Self { text, lines: std::iter::once(0).chain(starts).collect() }
    }

    fn offset(&self, place: Location) -> Option<usize> {
        let line = usize::try_from(place.line).ok()?.checked_sub(1)?;
        let column = usize::try_from(place.column).ok()?.checked_sub(1)?;
        let start = *self.lines.get(line)?;
        let rest = self.text.get(start..)?;
        let in_line = rest.char_indices().map(|(at, _)| at).chain([rest.len()]).nth(column)?;
        start.checked_add(in_line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(text: &str, name: &str) -> Result<Option<String>, Refusal> {
        limited(text, &*dialect(name))
    }

    #[test]
    fn a_reading_query_gets_a_limit_in_its_place() {
        for (name, before, after) in [
            ("psql", "SELECT * FROM t", "SELECT * FROM t LIMIT 1000"),
            ("psql", "SELECT * FROM t;", "SELECT * FROM t LIMIT 1000;"),
            ("psql", "select a from t -- all\n", "select a from t LIMIT 1000 -- all\n"),
            (
                "psql",
                "SELECT a FROM t WHERE x='é' /* é */ FOR UPDATE;",
                "SELECT a FROM t WHERE x='é' LIMIT 1000 /* é */ FOR UPDATE;",
            ),
            (
                "psql",
                "SELECT a FROM t WHERE b = 'LIMIT 5'",
                "SELECT a FROM t WHERE b = 'LIMIT 5' LIMIT 1000",
            ),
            (
                "psql",
                "SELECT a FROM (SELECT * FROM u LIMIT 5) s",
                "SELECT a FROM (SELECT * FROM u LIMIT 5) s LIMIT 1000",
            ),
            (
                "mysql",
                "SELECT a FROM t UNION SELECT b FROM u",
                "SELECT a FROM t UNION SELECT b FROM u LIMIT 1000",
            ),
            (
                "psql",
                "WITH x AS (SELECT 1) SELECT * FROM x",
                "WITH x AS (SELECT 1) SELECT * FROM x LIMIT 1000",
            ),
            ("mssql", "SELECT a FROM t", "SELECT TOP 1000 a FROM t"),
            ("mssql", "SELECT DISTINCT a FROM t", "SELECT DISTINCT TOP 1000 a FROM t"),
            ("oracle", "SELECT a FROM t", "SELECT a FROM t FETCH FIRST 1000 ROWS ONLY"),
        ] {
            assert_eq!(ask(before, name), Ok(Some(after.to_owned())), "{before}");
            assert_eq!(ask(after, name), Ok(None), "{after}");
        }
    }

    #[test]
    fn a_limit_of_the_outer_query_is_seen_in_every_form() {
        for (name, text) in [
            ("psql", "SELECT a FROM t LIMIT 5"),
            ("mysql", "SELECT a FROM t LIMIT ?"),
            ("psql", "SELECT a FROM t FETCH FIRST 5 ROWS ONLY"),
            ("mssql", "SELECT TOP 5 a FROM t"),
            ("mysql", "SELECT a FROM t LIMIT 2, 5"),
        ] {
            assert_eq!(ask(text, name), Ok(None), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "DELETE FROM t",
            "SELECT a FROM t; SELECT b FROM u",
            "SELECT a FROM t; DROP TABLE t",
            "EXPLAIN SELECT a FROM t",
            "CREATE VIEW v AS SELECT a FROM t",
            "INSERT INTO t SELECT a FROM u",
            "SELECT a INTO n FROM t",
            "WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x",
            "SELECT 1",
            "\\copy t to stdout",
            "",
            "SELEC a FROM t",
        ] {
            assert!(ask(text, "psql").is_err(), "{text}");
        }
        assert!(ask(&"(".repeat(100_000), "psql").is_err());
    }
}
