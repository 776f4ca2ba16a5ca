//! Makes types of the released description, as a shop's developer would: what was released is what clients are made from.

use std::{env, error::Error, fs, path::Path};

use schemars::schema::RootSchema;
use serde_json::{Value, json};
use typify::{TypeSpace, TypeSpaceSettings};

const RELEASED: &str = "../../../docs/openapi.json";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed={RELEASED}");
    let document: Value = serde_json::from_str(&fs::read_to_string(RELEASED)?)?;
    let schemas = document["components"]["schemas"].to_string().replace("#/components/schemas/", "#/definitions/");
    let definitions: Value = serde_json::from_str(&schemas)?;
    let root: RootSchema = serde_json::from_value(json!({"definitions": definitions}))?;
    let mut types = TypeSpace::new(TypeSpaceSettings::default().with_struct_builder(true));
    types.add_root_schema(root)?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("types.rs"), types.to_stream().to_string())?;
    Ok(())
}
