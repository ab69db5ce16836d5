//! `export`: everything that was applied, as files hold it.

use api::{
    Adapter, Callback, DefinitionSummary, DefinitionVersion, Environment, Exit, Json, Page, Policy,
};
use serde_json::{Map, Value, json};

use super::Session;
use crate::client::{Ask, segment};
use crate::failure::Failure;
use crate::output::{parse, print, yaml};

/// Prints a document per resource; `apply -f` takes them back.
pub async fn run(session: &Session) -> Result<Exit, Failure> {
    let mut documents = workflows(session).await?;
    documents.extend(others(session).await?);
    let texts: Result<Vec<String>, Failure> = documents.iter().map(yaml).collect();
    print(&texts?.join("---\n"))?;
    Ok(Exit::Well)
}

async fn workflows(session: &Session) -> Result<Vec<Value>, Failure> {
    let body = session
        .client
        .get("/api/v1/definitions", Ask::default())
        .await?;
    let page: Page<DefinitionSummary> = parse(&body)?;
    let mut documents = Vec::new();
    // What delivers for callbacks is made of these when they are applied.
    for item in page.items.into_iter().filter(|item| !delivers(&item.name)) {
        for version in &item.versions {
            let (name, version) = (segment(&item.name), segment(version));
            let path = format!("/api/v1/definitions/{name}/versions/{version}");
            let found: DefinitionVersion =
                parse(&session.client.get(&path, Ask::default()).await?)?;
            documents.push(json!({"workflow": found.document.value()}));
        }
    }
    Ok(documents)
}

fn delivers(name: &str) -> bool {
    name.starts_with(definition::DELIVERY_PREFIX)
}

async fn others(session: &Session) -> Result<Vec<Value>, Failure> {
    let get = async |path: &str| session.client.get(path, Ask::default()).await;
    let adapters: Page<Adapter> = parse(&get("/api/v1/adapters").await?)?;
    let policies: Page<Policy> = parse(&get("/api/v1/policies").await?)?;
    let environments: Page<Environment> = parse(&get("/api/v1/environments").await?)?;
    let mut documents = Vec::new();
    let own = adapters.items.iter().filter(|item| !delivers(&item.name));
    let own: Vec<Value> = own.map(|item| item.document.value()).collect();
    if !own.is_empty() {
        documents.push(json!({"adapters": own}));
    }
    let callbacks: Page<Callback> = parse(&get("/api/v1/callbacks").await?)?;
    let callbacks = callbacks.items.iter();
    let callbacks = callbacks.filter_map(|item| item.document.as_ref());
    let callbacks: Vec<Value> = callbacks.map(Json::value).collect();
    if !callbacks.is_empty() {
        documents.push(json!({"callbacks": callbacks}));
    }
    documents.extend(own_policies(&policies.items));
    if !environments.items.is_empty() {
        let all = environments
            .items
            .iter()
            .map(|item| (item.name.clone(), item.document.value()));
        let all: Map<String, Value> = all.collect();
        documents.push(json!({"environments": all}));
    }
    Ok(documents)
}

/// The policies that were applied, as one document.
fn own_policies(policies: &[Policy]) -> Option<Value> {
    let mut fields = Map::new();
    let mut retry = Map::new();
    let mut rules: Map<String, Value> = Map::new();
    for policy in policies.iter().filter(|policy| !policy.built_in) {
        let document = policy.document.value();
        match policy.kind.as_str() {
            "retry" => drop(retry.insert(policy.name.clone(), document)),
            kind @ ("retention" | "risk" | "man-mode") => {
                let list = rules.entry(kind).or_insert_with(|| json!([]));
                if let Some(list) = list.as_array_mut() {
                    list.push(document);
                }
            }
            kind => drop(fields.insert(kind.to_owned(), document)),
        }
    }
    if !retry.is_empty() {
        fields.insert("retry".into(), Value::Object(retry));
    }
    fields.extend(rules);
    (!fields.is_empty()).then(|| json!({"policies": fields}))
}
