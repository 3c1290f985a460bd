//! What every store must do about those who log in; part of the contract.

use super::contract::Fresh;
use super::{Account, Error, Login, PasswordHash, Role};

fn account(login: &str) -> Account {
    Account {
        login: Login::new(login).unwrap(),
        name: "Ann".into(),
        role: Role::Approver,
        tenant: "north".into(),
        password: PasswordHash::new("$argon2id$x".into()),
        epoch: 1,
        created: 7,
        disabled: None,
    }
}

pub(super) async fn logins_are_unique_and_change_one_by_one(store: Fresh) {
    let ann = account("Ann@example.com");
    store.add_account(account("bob")).await.unwrap();
    store.add_account(ann.clone()).await.unwrap();
    assert!(matches!(store.add_account(account("bob")).await, Err(Error::Exists(_))));
    assert_eq!(store.account(&ann.login).await.unwrap(), Some(ann.clone()));
    assert_eq!(store.account(&Login::new("eve").unwrap()).await.unwrap(), None);
    let all = store.accounts().await.unwrap();
    assert_eq!(all, [ann.clone(), account("bob")]);
    let changed = Account { epoch: 2, disabled: Some(9), role: Role::Admin, ..ann.clone() };
    assert!(store.change_account(changed.clone()).await.unwrap());
    let late = Account { epoch: 2, disabled: None, ..ann.clone() };
    assert!(!store.change_account(late).await.unwrap(), "somebody else was first");
    assert_eq!(store.account(&ann.login).await.unwrap(), Some(changed));
    let nobody = Account { epoch: 2, ..account("eve") };
    assert!(!store.change_account(nobody).await.unwrap());
}
