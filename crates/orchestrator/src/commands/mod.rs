//! The commands: one file for each noun.

mod adapters;
mod audit;
mod backup;
mod callbacks;
mod completions;
mod copy;
mod dead_letters;
mod decisions;
mod definitions;
mod dev;
mod doctor;
mod eval;
mod events;
mod export;
mod instances;
mod nodes;
mod operations;
mod past;
mod place;
mod schedules;
mod serve;
mod sets;
mod show;
mod stats;
mod submit;
mod system;
mod test;
mod verbs;
mod watch;
mod windows;

use std::future::Future;

use api::Exit;

use crate::args::{BackupCommand, Cli, Command, DecisionsCommand};
use crate::client::Client;
use crate::failure::Failure;
use crate::output::Output;

/// What a command that asks a server works with.
pub struct Session {
    /// The server.
    pub client: Client,
    /// Where data goes.
    pub output: Output,
}

/// Runs the command and says what the process ends with.
pub fn run(cli: Cli) -> Result<Exit, Failure> {
    let output = Output::new(cli.shared.output);
    match cli.command {
        Command::Dev(args) => dev::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Eval { expression, input } => eval::run(&expression, input.as_deref()),
        Command::Validate(args) => sets::validate(&args.paths, output),
        Command::Test(args) => test::run(&args, output),
        Command::Doctor(args) if args.data.is_some() => doctor::stopped(&args, output),
        Command::Backup(BackupCommand::Create(args)) if args.data.is_some() => {
            backup::create_stopped(&args, output)
        }
        Command::Backup(BackupCommand::List(args)) => backup::list(&args, output),
        Command::Backup(BackupCommand::Restore(args)) => backup::restore(&args, output),
        Command::Backup(BackupCommand::Verify(args)) => backup::verify(&args, output),
        Command::Backup(BackupCommand::Calls(args)) => backup::later(&args, output),
        Command::Copy(args) => copy::run(&args, output),
        Command::Openapi => completions::openapi(),
        Command::Completions { shell } => completions::script(shell),
        command => {
            let session = Session {
                client: Client::new(&cli.shared)?,
                output,
            };
            block_on(ask(command, &session))
        }
    }
}

/// Commands that ask a server.
async fn ask(command: Command, session: &Session) -> Result<Exit, Failure> {
    match command {
        Command::Apply(args) => sets::apply(session, &args.paths, args.dry_run, &args.reason).await,
        Command::Diff(args) => sets::apply(session, &args.paths, true, "").await,
        Command::Export => export::run(session).await,
        Command::Submit(args) => submit::run(session, args).await,
        Command::Emit(args) => events::emit(session, args).await,
        Command::Events(command) => events::run(session, command).await,
        Command::Callbacks(command) => callbacks::run(session, command).await,
        Command::List(args) => instances::list(session, args).await,
        Command::Show(args) => show::run(session, &args.id).await,
        Command::Watch(args) => watch::run(session, &args).await,
        Command::History(args) => instances::history(session, args).await,
        Command::Signal(args) => verbs::signal(session, args).await,
        Command::Retry(args) => past::retry(session, args).await,
        Command::Replay(args) => past::replay(session, args).await,
        Command::Restore(args) => past::restore(session, args).await,
        Command::Migrate(args) => past::migrate(session, args).await,
        Command::Steps(command) => verbs::step(session, command).await,
        Command::Pause(args) => verbs::hold(session, "pause", args).await,
        Command::Resume(args) => verbs::hold(session, "resume", args).await,
        Command::Cancel(args) => instances::cancel(session, args).await,
        Command::Delete(args) => instances::delete(session, args).await,
        Command::DeadLetters(command) => dead_letters::run(session, command).await,
        Command::Failures(command) => stats::failures(session, command).await,
        Command::Stats(command) => stats::stats(session, command).await,
        Command::Schedules(command) => schedules::run(session, command).await,
        Command::Windows(command) => windows::run(session, command).await,
        Command::Operations(command) => operations::run(session, command).await,
        Command::Decisions(command) => decide(command, session).await,
        Command::Approve(args) => decisions::answer(session, "approve", args).await,
        Command::Reject(args) => decisions::answer(session, "reject", args).await,
        Command::Definitions(command) => definitions::definitions(session, command).await,
        Command::Adapters(command) => adapters::run(session, command).await,
        Command::Nodes(command) => nodes::nodes(session, command).await,
        Command::Audit(args) => audit::run(session, args).await,
        Command::Backup(BackupCommand::Create(args)) => backup::create(session, args).await,
        Command::System(command) => system::run(session, &command).await,
        Command::Doctor(args) => doctor::running(session, &args).await,
        Command::Dev(_)
        | Command::Serve(_)
        | Command::Eval { .. }
        | Command::Validate(_)
        | Command::Test(_)
        | Command::Backup(_)
        | Command::Copy(_)
        | Command::Openapi
        | Command::Completions { .. } => unreachable!("these ask no server"),
    }
}

async fn decide(command: DecisionsCommand, session: &Session) -> Result<Exit, Failure> {
    match command {
        DecisionsCommand::List(args) => decisions::list(session, args).await,
        DecisionsCommand::Show { id } => decisions::show(session, &id).await,
        DecisionsCommand::Approve(args) => decisions::answer(session, "approve", args).await,
        DecisionsCommand::Reject(args) => decisions::answer(session, "reject", args).await,
        DecisionsCommand::Amend(args) => decisions::answer(session, "amend", args).await,
        DecisionsCommand::Delegate(args) => decisions::delegate(session, args).await,
        DecisionsCommand::Heads => decisions::heads(session).await,
    }
}

fn block_on(work: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}
