//! The forms that chat services take a message in. Texts are put where no service reads markup.

use serde_json::{Value, json};

use super::message::Message;

/// Most letters of a Telegram message, and of a block of Slack's (3,000).
const MOST: usize = 2900;

/// Slack's incoming webhook: a plain block, and a text for notifications with its three special letters
/// escaped.
pub(super) fn slack(message: &Message) -> Value {
    let text = cut(&message.text());
    let escaped = message.title().replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let mut blocks =
        vec![json!({ "type": "section", "text": { "type": "plain_text", "text": text } })];
    if let Some(link) = &message.link {
        let label = json!({ "type": "plain_text", "text": "Look at it" });
        let button = json!({ "type": "button", "text": label, "url": link });
        blocks.push(json!({ "type": "actions", "elements": [button] }));
    }
    json!({ "text": format!("datafog: {escaped}"), "blocks": blocks })
}

/// A card for a Teams webhook. `TextRun` knows no markup.
pub(super) fn teams(message: &Message) -> Value {
    let run = |text: String, weight: &str| {
        let run = json!({ "type": "TextRun", "text": text, "weight": weight });
        json!({ "type": "RichTextBlock", "inlines": [run] })
    };
    let mut body = vec![run(format!("datafog: {}", message.title()), "Bolder")];
    body.extend(message.lines().into_iter().map(|line| run(line, "Default")));
    let link = message.link.iter();
    let actions: Vec<Value> = link
        .map(|link| json!({ "type": "Action.OpenUrl", "title": "Look at it", "url": link }))
        .collect();
    let card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "actions": actions,
    });
    json!({ "type": "message", "attachments": [{
        "contentType": "application/vnd.microsoft.card.adaptive",
        "contentUrl": null,
        "content": card,
    }] })
}

/// A message of a Telegram bot; without `parse_mode` nothing in it is markup.
pub(super) fn telegram(message: &Message, chat: &str) -> Value {
    json!({
        "chat_id": chat,
        "text": cut(&message.text()),
        "link_preview_options": { "is_disabled": true },
    })
}

fn cut(text: &str) -> String {
    text.chars().take(MOST).collect()
}
