//! Every code that a problem can bear; the pages in `docs/errors` are made from this table.
//!
//! | numbers | about |
//! | --- | --- |
//! | 01xx | the request's shape |
//! | 02xx | who asks, and from where |
//! | 03xx | something that is not there |
//! | 04xx | a refusal: by state, by input, by what is not available yet |
//! | 05xx | load and trouble of the server |
//! | 06xx | the command line and the configuration |
//!
//! Codes from 1000 on belong to documents of the language.

use crate::exit::Exit;

/// A code, what it means and how to mend it.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `ORC-0xxx`.
    pub id: &'static str,
    /// The HTTP status; none for what never goes over HTTP.
    pub status: Option<u16>,
    /// The command line's exit code.
    pub exit: Exit,
    /// A few words.
    pub title: &'static str,
    /// Why it comes up.
    pub cause: &'static str,
    /// What to do.
    pub mend: &'static str,
}

impl Code {
    /// The code with this id.
    #[must_use]
    pub fn find(id: &str) -> Option<&'static Self> {
        CODES.iter().copied().find(|code| code.id == id)
    }

    /// Where its page is served.
    #[must_use]
    pub fn page_url(&self) -> String {
        format!("/api/docs/errors/{}", self.id)
    }

    /// The page of the code, in Markdown.
    #[must_use]
    pub fn page(&self) -> String {
        let Self {
            id,
            title,
            cause,
            mend,
            ..
        } = self;
        let exit = self.exit as u8;
        let status = self
            .status
            .map_or_else(|| "-".to_owned(), |status| status.to_string());
        format!(
            "# {id}: {title}\n\nHTTP status: {status} · exit code: {exit}\n\n\
             ## Cause\n\n{cause}\n\n## Mend\n\n{mend}\n"
        )
    }
}

macro_rules! codes {
    ($($name:ident $id:literal $status:expr, $exit:ident, $title:literal $cause:literal $mend:literal)*) => {
        impl Code {
            $(#[doc = $title] pub const $name: &'static Code = &Code {
                id: $id, status: $status, exit: Exit::$exit, title: $title, cause: $cause, mend: $mend,
            };)*
        }

        /// All codes, in order.
        pub static CODES: &[&Code] = &[$(Code::$name),*];
    };
}

codes! {
    UNKNOWN_PATH "ORC-0100" Some(404), NotFound,
        "No such path"
        "The server has nothing at this path."
        "Look the path up in `/api/docs`; everything but health checks begins with `/api/v1`."
    WRONG_METHOD "ORC-0101" Some(405), Usage,
        "The path does not take this method"
        "The path exists, but not with this method. The `Allow` header of the answer lists those it takes."
        "Use one of the methods in `Allow`."
    MEDIA_TYPE "ORC-0102" Some(415), Usage,
        "The content type does not fit"
        "The request has a body whose `Content-Type` is missing or is none that this path reads."
        "Send `Content-Type: application/json` (`application/yaml` for a set of definitions)."
    BODY_TOO_LARGE "ORC-0103" Some(413), Usage,
        "The body is too large"
        "A body may have at most 1 MiB (a batch 16 MiB, a set of definitions 8 MiB), unless the configuration's `limits` say otherwise. The rest of it was not read."
        "Send less: large data belongs into a store of its own, the input names it. Or raise `limits.body`."
    NOT_UTF8 "ORC-0104" Some(400), Usage,
        "The body is not UTF-8"
        "JSON is exchanged in UTF-8; the body holds other bytes. The detail names the first one."
        "Encode the body in UTF-8."
    NOT_JSON "ORC-0105" Some(400), Usage,
        "The body is not JSON"
        "The body ends too early or holds something that is not JSON at the line and column named."
        "Correct the text there. Often it is a comma after the last item, a quote that is not closed, or a shell that ate the quotes: `--input @file.json` avoids that."
    TOO_DEEP "ORC-0106" Some(400), Usage,
        "Nested too deep"
        "Lists and objects of the body nest deeper than 100 levels."
        "Flatten the data, or send the inner part as text."
    BAD_BODY "ORC-0107" Some(400), Usage,
        "The body has an unknown or wrong field"
        "The body is JSON, but a field is unknown, missing or of the wrong kind; each is named by a JSON pointer."
        "Correct the fields; `/api/docs` shows the body that the path takes."
    UNKNOWN_PARAMETER "ORC-0108" Some(400), Usage,
        "An unknown query parameter"
        "The path does not know this query parameter. It would be ignored and the answer be wrong, so it is refused."
        "Take the name that the hint gives, or look the path up in `/api/docs`."
    BAD_PARAMETER "ORC-0109" Some(400), Usage,
        "A query parameter that does not fit"
        "The parameter is known but its value is not of the kind it takes."
        "Write what the detail says was expected."
    BAD_ID "ORC-0110" Some(400), Usage,
        "Not an id"
        "The path holds something that is not a UUID where an id is expected."
        "Take the id from the answer to the start, or from a list."
    BAD_CURSOR "ORC-0111" Some(400), Usage,
        "Not a cursor"
        "The `cursor` was not given out by this list, or was cut or changed on its way; or it belongs to a store that has since been restored."
        "Send `next_cursor` of the page before as it is, or leave it out to begin anew."
    BAD_HEADER "ORC-0112" Some(400), Usage,
        "A header that does not fit"
        "`X-Correlation-ID` and `Idempotency-Key` take 1 to 128 visible ASCII characters; a WebSocket needs its handshake's headers."
        "Correct the header that the detail names."
    CHANGED_MEANWHILE "ORC-0113" Some(412), Refused,
        "Changed meanwhile"
        "The request was to hold only for the state that `If-Match` names, but the state has changed since."
        "Read it again, decide again, and send the new `ETag`."
    TOO_MANY_ITEMS "ORC-0114" Some(413), Usage,
        "Too many items"
        "A batch takes at most 10,000 items."
        "Send several batches."
    NOTHING_TAKEN "ORC-0115" Some(400), Failed,
        "No item of the batch was taken"
        "Every item was refused; each has its own reason under `errors`."
        "Correct the items and send the batch again."
    SLOW_BODY "ORC-0116" Some(408), Failed,
        "The body takes too long"
        "The request's body did not arrive within a minute. Nothing was taken."
        "Send it again with the same `Idempotency-Key`; over a slow line in smaller parts."
    BAD_EVENT "ORC-0117" Some(400), Usage,
        "Not an event"
        "The body is neither a CloudEvent 1.0 (structured, binary or a batch of them) nor plain JSON, or an attribute lacks or does not fit: `specversion` is `1.0`, `id`, `source` and `type` are text, names are of lower-case letters and digits, `time` is RFC 3339. Or its data does not fit the schema that `events` says of its type."
        "Correct what the detail names. To send plain JSON, say `Content-Type: application/json` without `ce-` headers, and put `type`, `source`, `subject` and `id` into the query."
    NO_TOKEN "ORC-0201" Some(401), Refused,
        "Who are you?"
        "The server has callers configured and the request has no token, or one that it does not know."
        "Send `Authorization: Bearer TOKEN`; for the command line `--token` or `ORCHESTRATOR_TOKEN`. Tokens are configured under `tokens`."
    NOT_ALLOWED "ORC-0202" Some(403), Refused,
        "Not allowed"
        "The caller is known but has not the permission that the detail names."
        "Ask for a role that has it: `viewer` reads, `operator` also submits, cancels and decides, `admin` may do everything."
    FOREIGN_HOST "ORC-0203" Some(403), Refused,
        "A foreign host name"
        "The request's `Host` is neither an address nor a name that this server goes by. A page elsewhere could make a browser send such a request (DNS rebinding)."
        "Use the address that the server printed, or list the name under `hosts` in the configuration."
    FOREIGN_ORIGIN "ORC-0204" Some(403), Refused,
        "A foreign page"
        "A browser sent the request on behalf of a page that this server did not serve."
        "List the page's origin under `origins` in the configuration if it is yours."
    BAD_SIGNATURE "ORC-0205" Some(401), Refused,
        "The signature does not fit"
        "A webhook's trigger says how its sender signs, and the signature lacks, is too old, or was made with another secret or of another body."
        "Compare the secret of the sender with that of the trigger, and the clocks of both; a proxy between them must not change the body."
    SECRET_UNREADABLE "ORC-0206" Some(503), Failed,
        "A secret cannot be read"
        "The secret with which a webhook's signature is checked is missing, or is none for its scheme. Nothing was taken; the sender sends it again."
        "Set the secret that the detail names (`ORCHESTRATOR_SECRET_NAME`, or a file in the folder of secrets)."
    NO_INSTANCE "ORC-0301" Some(404), NotFound,
        "No such workflow instance"
        "There is no instance with this id; or retention has removed it."
        "Look it up with `orchestrator list`; `q=` takes a part of the id."
    NO_DEFINITION "ORC-0302" Some(404), NotFound,
        "No such workflow"
        "No workflow of this name (and version) was applied."
        "List them with `orchestrator definitions list`; apply yours with `orchestrator apply -f PATH`."
    NO_STEP "ORC-0303" Some(404), NotFound,
        "No such step"
        "The instance's workflow has no step with this id."
        "The steps are listed at `/api/v1/workflows/{id}/steps`."
    NO_DECISION "ORC-0304" Some(404), NotFound,
        "No such decision"
        "There is no decision with this id."
        "List them with `orchestrator decisions list`."
    NO_RESOURCE "ORC-0305" Some(404), NotFound,
        "No such resource"
        "No adapter, router, policy or environment of this name was applied."
        "List them without a name, or apply the resource."
    NO_HOOK "ORC-0306" Some(404), NotFound,
        "No such webhook"
        "No workflow has a webhook trigger with this source in the version that a start would take."
        "Correct the source in the URL, or apply a workflow with `trigger: { type: webhook, source: NAME }`."
    NO_TASK "ORC-0307" Some(404), NotFound,
        "No such task"
        "The token of the callback names no task that waits for it: it was used before, the task timed out, or the token was changed on its way."
        "Nothing is to be done when the call is a repetition. Else look at the step's attempts."
    NO_SUCH_SEQ "ORC-0308" Some(404), NotFound,
        "No such place in the history"
        "The instance's history has no record with this `seq`."
        "Take a number from 1 to the instance's `seq`."
    NO_LINK "ORC-0320" Some(404), NotFound,
        "The link does not work"
        "The link of a decision is not one of this server's, or its time is over."
        "Open the decision in the dashboard, or ask for a new notice."
    NO_NODE "ORC-0321" Some(404), NotFound,
        "No such node"
        "No node that lives has this name or id, or the server is alone on its store."
        "List them with `orchestrator nodes list`."
    NO_OPERATION "ORC-0340" Some(404), NotFound,
        "No such operation"
        "No operation has this id."
        "List them with `orchestrator operations list`."
    NO_DEAD_LETTER "ORC-0341" Some(404), NotFound,
        "No such dead letter"
        "No dead letter has this id, or its time was over and it was purged (`policies.defaults.retention.dead-letters`)."
        "List them with `orchestrator dead-letters list`."
    NO_EVENT "ORC-0342" Some(404), NotFound,
        "No such event"
        "No event has this id, or its time was over and it was purged (`policies.defaults.retention.events`)."
        "List them with `orchestrator events list`. The id is the one that the answer to the event gave, not its sender's."
    NO_CORRELATION "ORC-0343" Some(404), NotFound,
        "No such correlation"
        "No event and no instance that is kept has this correlation id."
        "Take the `correlation_id` from the answer to an event or a start; look with `orchestrator list --q ID`."
    NO_SCHEDULE "ORC-0348" Some(404), NotFound,
        "No such schedule"
        "No version of a workflow that a start takes has a schedule of this name."
        "List them with `orchestrator schedules list`. A name is `workflow.trigger`, and `0-schedule` is the first trigger without an `id`."
    NO_WINDOW "ORC-0352" Some(404), NotFound,
        "No such window"
        "No window of a trigger has this id, or it closed and its time was over (`policies.defaults.retention.events`)."
        "List them with `orchestrator windows list`, and those that closed with `--closed`. What a throttle closes is not kept."
    ENDED "ORC-0401" Some(409), Refused,
        "The instance has ended"
        "What was asked for is possible only while the instance is open."
        "Nothing is to be done if it ended as you want it. Else start it anew."
    ALREADY_DECIDED "ORC-0402" Some(409), Refused,
        "The decision was already made"
        "A decision is made once; the first answer stands and is under `standing`."
        "Nothing is to be done."
    BAD_INPUT "ORC-0403" Some(422), Usage,
        "The input does not fit"
        "The workflow has a schema for its input and this input does not fit it; each place is named by a JSON pointer into the input."
        "Correct the input."
    HEADER_FAILED "ORC-0404" Some(422), Usage,
        "A header of the workflow could not be computed"
        "An expression in the workflow's `subject`, `attributes`, `priority` or the like failed on this input, mostly since a field is missing."
        "Send the field, or make the expression bear its absence: `has(input.customer) ? input.customer.id : ''`."
    KEY_REUSED "ORC-0405" Some(422), Refused,
        "The idempotency key was used for something else"
        "The same caller sent the same `Idempotency-Key` to the same path with another body within 24 hours."
        "Use a new key for a new request; repeat a request with the same bytes."
    FORBIDDEN_BY_STATE "ORC-0406" Some(409), Refused,
        "The state forbids it"
        "What was asked for does not fit where the instance stands; the detail says why."
        "Look at the instance with `orchestrator show ID`."
    NOT_YET "ORC-0407" Some(501), Refused,
        "Not available yet"
        "The API names this, but this release does not carry it out."
        "Do without it for now."
    BAD_SET "ORC-0408" Some(422), Usage,
        "The definitions do not hold"
        "Something in the set is wrong, so that nothing of it was applied; each place is under `errors` with a code of its own."
        "Correct the places. `orchestrator validate PATH` shows them without a server."
    NO_SECRET "ORC-0409" Some(422), Usage,
        "A secret is missing"
        "An adapter of the set names a secret that the server does not have, so that nothing was applied."
        "Set `ORCHESTRATOR_SECRET_<NAME>` (capitals, `_` for `-`) for the server, or put a file of that name into its `--secrets-dir`."
    BAD_CHOICE "ORC-0410" Some(422), Usage,
        "Not among the choices"
        "The decision does not have this choice."
        "Take one of the decision's `choices`."
    NOT_AN_APPROVER "ORC-0420" Some(403), Refused,
        "Somebody else decides"
        "The decision names who may answer, and the caller is not among them; or the caller handed it on."
        "Let one of its `approvers` answer. `orchestrator decisions show ID` lists them."
    FOUR_EYES "ORC-0421" Some(403), Refused,
        "A second person has to approve"
        "A policy with `four-eyes` holds the step: whoever started the instance cannot be the only one who approves, and a link does not say who uses it."
        "Let another of its `approvers` answer, as a known caller."
    ALREADY_ANSWERED "ORC-0422" Some(409), Refused,
        "The same person answered before"
        "The decision needs several people to agree, and this one has answered already."
        "Nothing is to be done; another of its `approvers` has to answer."
    DECISION_EXPIRED "ORC-0423" Some(409), Refused,
        "The decision's time is over"
        "The decision had a time-out, and it has passed; its `on-timeout` decided."
        "Look at what was decided with `orchestrator decisions show ID`. To have longer, raise `timeout` in a new version of the workflow."
    COMMENT_REQUIRED "ORC-0424" Some(422), Usage,
        "A comment is missing"
        "The decision says `comment: required`."
        "Send a `comment` that says why."
    BAD_ANSWER_DATA "ORC-0425" Some(422), Usage,
        "The answer's data does not fit"
        "The data does not fit the decision's form (each place is under `errors`), stands beside a choice that takes none, lacks where one needs it, or differs from what the first of several approved."
        "Correct the data. To confirm what the first approved, leave it out."
    NOT_DELEGABLE "ORC-0426" Some(409), Refused,
        "The decision cannot be handed on"
        "Only a decision with `approvers` and `delegate: true` can be handed on, and only to somebody else, named `user:NAME` or `role:NAME`."
        "Let one of its `approvers` answer, or correct the name."
    COUNT_DIFFERS "ORC-0427" Some(409), Refused,
        "Not as many as expected"
        "The filter takes another number of decisions or instances than `expect_count` says, or more than can be answered at once; nothing was done."
        "Look at them with `dry_run`, then narrow the filter or correct the number."
    NO_BACKUP "ORC-0428" Some(409), Refused,
        "The backup was not made"
        "Another backup is being made, no place for it was named, the place is another store's, its keys are refused, or the store is a database, which is backed up with its own tools."
        "The detail says which, and what to mend. For a database see `docs/disaster-recovery.md`."
    PAUSED "ORC-0429" Some(409), Refused,
        "The instance is paused"
        "Somebody holds the instance, and what was asked for would make a call."
        "Resume it first, with `orchestrator resume ID`."
    DOES_NOT_FIT "ORC-0430" Some(409), Refused,
        "The instance does not fit the version"
        "It was to go on with another version of its workflow, which has no place for a step that has begun: it is gone, of another kind, in another list, or behind one that is new. The detail names each such step."
        "Name steps that were renamed in `map`; wait until what is under way has ended, and try again; or let it end on its version. A dry run tells before whether it fits."
    OVER_LIMIT "ORC-0435" Some(409), Refused,
        "The limit of the workflow is reached"
        "The workflow's `concurrency` has `on-limit: reject`, and as many instances run under its key as the limit allows. Nothing was started, and the idempotency key, if there was one, is free again."
        "Start it again when one of them has ended: `orchestrator list --workflow NAME --status active` shows them. With `on-limit: queue` it would wait for its turn."
    LAST_NODE "ORC-0440" Some(409), Refused,
        "The last node"
        "No other node lives that may own partitions, so nothing could take over from this one."
        "Start another node, or take a drained one back into use with `orchestrator nodes undrain`, first."
    OPERATION_ENDED "ORC-0450" Some(409), Refused,
        "The operation has ended"
        "Only an operation that runs or is paused can be paused, resumed or cancelled."
        "Look at what came of it with `orchestrator operations show ID`. To do it with what is left, make a new one."
    OLDER_NODE "ORC-0451" Some(503), Refused,
        "A node is older"
        "A node of the cluster runs a release that does not know what was asked for, and could not take it over."
        "Upgrade every node first, then send the request again."
    LETTER_SETTLED "ORC-0452" Some(409), Refused,
        "The dead letter was settled before"
        "A dead letter is called anew or discarded once; somebody was faster."
        "Nothing is to be done. `orchestrator dead-letters show ID` says who did what, and which instance makes the call."
    LETTER_UNFIT "ORC-0453" Some(409), Refused,
        "The dead letter cannot be called anew as it is"
        "Its adapter is not there any more, a secret stood in its input, or no adapter was called. The detail says which."
        "Apply the adapter, send an amended `input`, or answer the decision of the stuck instance. Else discard it."
    TICK_REFUSED "ORC-0458" Some(409), Refused,
        "The schedule starts nothing"
        "Somebody had a schedule start something at once, and its condition does not hold, its input has no value, or the workflow refuses it. The detail says which."
        "Mend the trigger's `condition` or `input` in the definition and apply it. `event.by` is `person` for such a start."
    OVERLOADED "ORC-0501" Some(429), Failed,
        "Too much at once"
        "The server has as much work waiting as it may hold. What it has taken is safe; this request was not taken."
        "Wait as long as `Retry-After` says and send it again with the same `Idempotency-Key`."
    BEHIND "ORC-0502" Some(503), Failed,
        "The server cannot keep up"
        "The store does not answer in time, or what is derived from the journal is too far behind. This request was not taken, or its outcome is unknown."
        "Wait as long as `Retry-After` says and send it again with the same `Idempotency-Key`."
    STOPPING "ORC-0503" Some(503), Failed,
        "The server is stopping"
        "The server commits what it has and leaves; it takes nothing new."
        "Send the request again when it is back, with the same `Idempotency-Key`."
    STORE_FAILED "ORC-0504" Some(500), Failed,
        "The store failed"
        "The store could not be read or written: a full disk, an I/O error, damage. The server's log says which. After a failed write the process ends, so that nothing is answered that is not durable."
        "Mend the cause (space, permissions, the disk) and start the server again: it goes on from what is durable."
    BUG "ORC-0505" Some(500), Failed,
        "A mistake of ours"
        "The server met something that should not be possible."
        "Please report it with the correlation id and the server's log."
    TOO_MANY_STREAMS "ORC-0506" Some(503), Failed,
        "Too many streams"
        "The server has as many open event streams as it may hold (`limits.streams`)."
        "Close streams that nobody watches, or raise the limit."
    SIGNALS_FULL "ORC-0507" Some(429), Refused,
        "Too many signals are kept"
        "A signal that no step waits for is kept until one does: at most 256 of them, or 1 MiB of their data. The instance has as many already; this one was not taken."
        "Look at what the instance waits for with `orchestrator show ID`: a signal of a name that no step will wait for stays until the end. Send this one again when a step has taken some."
    NOT_READY "ORC-0509" Some(503), Failed,
        "The node is not ready"
        "This node should be sent no requests for the moment: its database does not answer, it joins or leaves its cluster, or it is drained. The detail says which."
        "Send requests to another node, or wait until it is ready: `orchestrator system show`, `orchestrator nodes list`."
    ARCHIVE_BEHIND "ORC-0510" Some(503), Failed,
        "The archive is too far behind"
        "The vault that the journal is archived to does not take it, or not fast enough. What is not archived is kept, and more than `limits.archive-lag` of it must not fill the disk: nothing new is started, what runs goes on."
        "Mend the vault (the server's log says what it answers), or raise `limits.archive-lag`. Send the request again after `Retry-After`."
    UNREACHABLE "ORC-0601" None, Unreachable,
        "The server is out of reach"
        "The command line could not connect to the server, or the connection broke."
        "Start it (`orchestrator dev`), or name another with `--server` or `ORCHESTRATOR_SERVER`."
    BAD_USAGE "ORC-0602" None, Usage,
        "Wrong usage"
        "A file cannot be read, or an argument is not what the command takes."
        "`orchestrator help COMMAND` shows the arguments."
    BAD_CONFIGURATION "ORC-0603" None, Usage,
        "A wrong configuration"
        "A flag, an `ORCHESTRATOR_*` variable or the configuration file holds a value that does not fit, or a key that does not exist."
        "Correct the value at the place that the message names. `orchestrator serve --print-config` shows what holds and where it comes from."
    OPEN_TO_ALL "ORC-0604" None, Usage,
        "Open to everybody"
        "The server was told to listen on an address that others can reach, but no tokens are configured: everybody could do everything."
        "Configure `tokens`, or listen on 127.0.0.1."
    NO_ADDRESS "ORC-0605" None, Failed,
        "The address is not to be had"
        "Another process listens on the address, or it is none of this machine."
        "Stop the other process, or name another address with `--listen`."
    NO_STORE "ORC-0606" None, Failed,
        "The store cannot be opened"
        "The data folder is held by another process, cannot be read or written, or is damaged. Nothing was changed."
        "The message says which. Stop the other process; correct the permissions; make room; or restore a backup. `orchestrator doctor --data DIR` looks for damage."
    NOT_COMPLETED "ORC-0607" None, Failed,
        "The workflow did not complete"
        "The command waited for the instance and it ended otherwise than `completed`, or was still open when the wait was over."
        "`orchestrator show ID` says why."
    VIOLATION "ORC-0608" None, Failed,
        "An invariant does not hold"
        "`orchestrator doctor` found something in the store that should not be possible."
        "Keep the folder as it is and report what was printed."
    BACKUP_UNUSABLE "ORC-0620" None, Failed,
        "A backup cannot be made, read or restored"
        "The address, its keys, the folder to restore into, or the moment asked for does not fit; or an object that is needed is missing or damaged. Nothing was changed."
        "The message says which. `orchestrator backup list` shows which moments there are, `orchestrator backup verify` what is damaged."
    BACKUP_DAMAGED "ORC-0621" None, Failed,
        "Something among the backups is damaged, torn or missing"
        "`orchestrator backup verify` read everything at the address and found what was printed."
        "Do what stands beside each finding. A new backup is always a good beginning."
    NOT_COPIED "ORC-0622" None, Failed,
        "The store was not copied"
        "The store to copy from or to cannot be opened, the target is not empty, or what arrived there is not what was sent."
        "The message says which. Empty the target before it is tried again; the source is as it was."
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    use super::*;

    fn folder() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors")
    }

    #[test]
    fn ids_are_unique_in_order_and_below_1000() {
        let ids: Vec<&str> = CODES.iter().map(|code| code.id).collect();
        let sorted: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids, sorted.into_iter().collect::<Vec<_>>());
        assert!(
            ids.iter()
                .all(|id| id.starts_with("ORC-0") && id.len() == 8)
        );
        assert_eq!(Code::find("ORC-0301"), Some(Code::NO_INSTANCE));
    }

    #[test]
    fn every_code_has_its_page_and_every_page_its_code() {
        let update = std::env::var_os("UPDATE_PAGES").is_some();
        for code in CODES {
            let path = folder().join(format!("{}.md", code.id));
            if update {
                std::fs::write(&path, code.page()).expect("the page is written");
            }
            let page = std::fs::read_to_string(&path).unwrap_or_default();
            assert_eq!(
                page,
                code.page(),
                "run with UPDATE_PAGES=1 and commit {}",
                path.display()
            );
        }
        let ours = |name: &String| name.starts_with("ORC-0");
        let files = std::fs::read_dir(folder()).expect("the folder is there");
        let pages = files.map(|file| {
            file.expect("readable")
                .file_name()
                .into_string()
                .expect("text")
        });
        let pages: BTreeSet<String> = pages.filter(ours).collect();
        let codes = CODES.iter().map(|code| format!("{}.md", code.id));
        assert_eq!(pages, codes.collect::<BTreeSet<_>>());
    }
}
