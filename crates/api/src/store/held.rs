//! What every store must do about approvals; part of the contract.

use std::io;

use datafog_approval::testing::{binding, request};
use datafog_approval::{Eyes, Moment, Party, Record, Refusal, Request, Spoken, Word};
use datafog_core::{ApprovalScope, ApprovalState, ApprovalWay, Id};

use super::contract::{Fresh, entry, event};
use super::{Error, Within, within};

fn word(by: &str) -> Word {
    let who = Party::new(vec![by.into()]);
    Word { by: Some(by.into()), way: ApprovalWay::Api, note: None, who }
}

/// Asks; whether it was new, and its id.
async fn ask(store: &Fresh, tenant: &str, request: Request) -> (bool, Record) {
    let work = move |inside: &dyn Within| Ok(inside.request(request, &Moment::now())?);
    match within(&**store, tenant, work).await.unwrap() {
        Spoken::New(record) => (true, *record),
        Spoken::Before(record) => (false, *record),
    }
}

/// Says yes, or no, as somebody; the line that says so is `line`.
async fn answer(
    store: &Fresh,
    (tenant, id): (&str, Id),
    (yes, by): (bool, &'static str),
    line: String,
) -> Result<Record, Error> {
    let work = move |inside: &dyn Within| {
        let (now, by) = (Moment::now(), word(by));
        let witness = &mut |_: &Record| {
            let written = inside.write(&entry(&event(&line, 1)));
            written.map(drop).map_err(io::Error::other)
        };
        Ok(match yes {
            true => inside.approve(id, (&by, (ApprovalScope::Once, None).into()), &now, witness)?,
            false => inside.deny(id, &by, &now, witness)?,
        })
    };
    within(&**store, tenant, work).await
}

fn is_settled(result: &Result<Record, Error>) -> bool {
    let Err(Error::Approval(error)) = result else { return false };
    matches!(**error, datafog_approval::Error::Refused(Refusal::Settled(_)))
}

pub(super) async fn a_call_is_asked_about_once(store: Fresh) {
    let (is_new, first) = ask(&store, "north", request(1, "push")).await;
    let (is_new_again, second) = ask(&store, "north", request(2, "push")).await;
    assert_eq!((is_new, is_new_again, first.id()), (true, false, second.id()));
    assert!(ask(&store, "north", request(3, "other")).await.0);
    let mut tasks = tokio::task::JoinSet::new();
    for number in 10..30 {
        let store = store.clone();
        tasks.spawn(async move { ask(&store, "north", request(number, "at once")).await.0 });
    }
    let new = tasks.join_all().await.into_iter().filter(|is_new| *is_new).count();
    assert_eq!(new, 1, "who asks at the same time shares a request");
    assert_eq!(store.approvals("north", Some("pending"), 10).await.unwrap().len(), 3);
}

pub(super) async fn of_many_answers_one_counts(store: Fresh) {
    let (_, record) = ask(&store, "north", request(1, "push")).await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..40_u32 {
        let (store, id) = (store.clone(), record.id());
        let yes = number % 2 == 0;
        tasks.spawn(async move {
            answer(&store, ("north", id), (yes, "ann"), format!("answer-{number}")).await
        });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    assert_eq!(answers.iter().filter(|answer| is_settled(answer)).count(), 39);
    let verified = store.verify().await.unwrap();
    assert_eq!((verified.entries, verified.flaw), (1, None), "each answer that counts has a line");
}

pub(super) async fn a_yes_lets_one_call_through(store: Fresh) {
    let (_, record) = ask(&store, "north", request(1, "push")).await;
    answer(&store, ("north", record.id()), (true, "ann"), "yes".into()).await.unwrap();
    let stored = store.approval("north", &record.id().to_string()).await.unwrap().unwrap();
    assert_eq!(stored.answer().unwrap().by.as_deref(), Some("ann"));
    let (is_new, spoken) = ask(&store, "north", request(2, "push")).await;
    assert!(!is_new && spoken.state(&Moment::now()) == ApprovalState::Approved);
    let mut tasks = tokio::task::JoinSet::new();
    for call in ["push", "push", "push", "other"].repeat(5) {
        let (store, id) = (store.clone(), record.id());
        let work = move |inside: &dyn Within| {
            Ok(inside.consume(id, &binding(call), &Moment::now(), &mut |_| Ok(()))?)
        };
        tasks.spawn(async move { within(&*store, "north", work).await.is_ok() });
    }
    assert_eq!(tasks.join_all().await.into_iter().filter(|used| *used).count(), 1);
    assert!(ask(&store, "north", request(3, "push")).await.0, "then it is asked anew");
}

pub(super) async fn what_is_not_recorded_does_not_count(store: Fresh) {
    let (_, record) = ask(&store, "north", request(1, "push")).await;
    assert!(store.write(entry(&event("there", 1))).await.is_ok());
    let failed = answer(&store, ("north", record.id()), (true, "ann"), "there".into()).await;
    assert!(failed.is_err() && !is_settled(&failed), "{failed:?}");
    let stored = store.approval("north", &record.id().to_string()).await.unwrap().unwrap();
    assert_eq!(stored.state(&Moment::now()), ApprovalState::Pending);
    assert_eq!(store.verify().await.unwrap().entries, 1);
}

pub(super) async fn tenants_answer_their_own_alone(store: Fresh) {
    let (_, record) = ask(&store, "north", request(1, "push")).await;
    let id = record.id().to_string();
    assert!(answer(&store, ("south", record.id()), (true, "bob"), "x".into()).await.is_err());
    assert_eq!(store.approval("south", &id).await.unwrap(), None);
    assert!(store.approvals("south", None, 10).await.unwrap().is_empty());
    assert!(ask(&store, "south", request(2, "push")).await.0);
}

pub(super) async fn what_nobody_answered_is_overdue(store: Fresh) {
    let (_, record) = ask(&store, "north", request(1, "push")).await;
    let asked = i64::try_from(record.asked().from.wall).unwrap();
    let overdue = |milliseconds: i64| store.overdue(asked.saturating_add(milliseconds));
    assert!(overdue(59_000).await.unwrap().is_empty());
    let waiting =
        |tenant, milliseconds: i64| store.waiting(tenant, asked.saturating_add(milliseconds));
    assert_eq!(waiting("north", 59_000).await.unwrap(), 1);
    assert_eq!(waiting("north", 60_000).await.unwrap(), 0);
    assert_eq!(waiting("south", 0).await.unwrap(), 0);
    let expected = [(String::from("north"), record.id().to_string())];
    assert_eq!(overdue(60_000).await.unwrap(), expected);
    assert_eq!(store.forget_approvals(i64::MAX).await.unwrap(), 0, "what waits is kept");
    answer(&store, ("north", record.id()), (false, "ann"), "no".into()).await.unwrap();
    assert!(overdue(60_000).await.unwrap().is_empty());
    assert_eq!(store.forget_approvals(asked).await.unwrap(), 0);
    assert_eq!(store.forget_approvals(asked.saturating_add(61_000)).await.unwrap(), 1);
}

pub(super) async fn two_agree_before_a_yes_counts(store: Fresh) {
    let eyes = Eyes { others: false, count: 2 };
    let (_, record) = ask(&store, "north", Request { eyes, ..request(1, "push") }).await;
    let say = async |by, line: &str| {
        answer(&store, ("north", record.id()), (true, by), line.into()).await
    };
    let first = say("ann", "first").await.unwrap();
    assert_eq!(first.state(&Moment::now()), ApprovalState::Pending);
    assert!(say("ann", "again").await.is_err(), "the same person");
    let second = say("bob", "second").await.unwrap();
    assert_eq!(second.state(&Moment::now()), ApprovalState::Approved);
    assert_eq!(second.answer().unwrap().by.as_deref(), Some("ann, bob"));
    assert_eq!(store.verify().await.unwrap().entries, 2, "each word has its line");
}
