//! The smallest uses of the public interface.

#[test]
fn the_workflow_of_the_brief_compiles_without_its_neighbours() {
    let text = include_str!("brief/workflow.yaml");
    let workflow = definition::parse_workflow(text).unwrap_or_else(|found| panic!("{}", found[0]));
    assert_eq!(workflow.name, "customer-onboarding");
    assert_eq!(workflow.steps.len(), 4);
    assert_eq!(workflow.on_failure, definition::OnFailure::Compensate);
    let again = definition::compile_workflow(&workflow.document).expect("the stored form compiles");
    assert_eq!(again.hash, workflow.hash);
}
