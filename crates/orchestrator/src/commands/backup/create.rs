//! `backup create`.

use api::{Backup, BackupRequest, Exit};

use super::copies::shown;
use super::{open_vault, unusable};
use store_sqlite::{Options, Pace};

use crate::args::BackupCreateArgs;
use crate::client::Ask;
use crate::commands::Session;
use crate::commands::serve::{block_on, open_store};
use crate::failure::Failure;
use crate::output::{Output, fields, json, moment};

/// Asks the running server for one.
pub async fn create(session: &Session, args: BackupCreateArgs) -> Result<Exit, Failure> {
    let request = json(&BackupRequest { to: args.to })?;
    let ask = Ask::default().json(request);
    let body = session.client.post("/api/v1/system/backup", ask).await?;
    session.output.show(&body, text)
}

/// Copies a folder that no server holds.
pub fn create_stopped(args: &BackupCreateArgs, output: Output) -> Result<Exit, Failure> {
    let (Some(folder), Some(to)) = (&args.data, &args.to) else {
        return Err(Failure::usage("expected --to with --data"));
    };
    let vault = open_vault(to)?;
    if !folder.join("store").exists() {
        let text = format!(
            "expected a store in {}, but there is none",
            folder.display()
        );
        return Err(Failure::usage(text));
    }
    block_on(async {
        let store = open_store(folder, &Options::default())?;
        let made = store
            .back_up(&*vault, Pace::Full)
            .await
            .map_err(|error| unusable(&error))?;
        output.show_value(&shown(&made, &*vault), text)
    })
}

fn text(made: &Backup) -> String {
    let positions = made
        .positions
        .iter()
        .map(|(partition, at)| format!("{partition}:{at}"));
    fields([
        ("backup", made.id.clone()),
        ("in", made.vault.clone()),
        ("incarnation", made.incarnation.to_string()),
        ("restores from", moment(made.from)),
        ("holds until", moment(made.until)),
        ("bytes", made.bytes.to_string()),
        ("positions", positions.collect::<Vec<_>>().join(" ")),
    ])
}
