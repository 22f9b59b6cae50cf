//! A proxy before an app: what the listeners of both say, from a recorded box.

use insta::assert_snapshot;

use super::desk::Desk;
use crate::recordings::{look, read, wish};

#[test]
fn a_proxy_and_the_app_that_it_leads_to() {
    let replay = read("other-nginx-before-unicorn");
    let (census, _) = look(&replay, &wish(&replay));
    let names: Vec<&str> = census.apps.iter().map(|app| app.name.as_str()).collect();
    assert_eq!(names, ["nginx", "shop"]);
    let mut desk = Desk::at(census.clone(), (80, 24));
    assert_snapshot!("behind_overview", desk.screen());
    assert_snapshot!("behind_of_the_proxy", desk.press("j j j j 7").screen());
    let proxy = desk.screen();
    assert!(
        proxy.contains("Passes requests to") && proxy.contains("shop             …"),
        "{proxy}"
    );
    let mut desk = Desk::at(census, (80, 24));
    desk.press("7");
    let app = desk.screen();
    assert_snapshot!("behind_of_the_app", app);
    assert!(app.contains(", 2 workers") && app.contains("upstream shop_app"), "{app}");
    assert!(app.contains("✓ www-data may connect: socket 0777"), "{app}");
}
