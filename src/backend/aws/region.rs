//! Regions by name, for advice alone: a region that is not here is asked all the same.

use crate::config::mistake::suggest;

/// Regions of all public partitions (AWS Regions and Availability Zones user guide; `aws account list-regions`).
const REGIONS: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eusc-de-east-1",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-west-1",
    "us-west-2",
];

/// What to do about a region whose hosts are out of reach; `None` where its name is right.
pub fn advice(region: &str) -> Option<String> {
    if REGIONS.contains(&region) {
        return None;
    }
    let places = "AWS_REGION, the profile's `region`, or `region` in [aws] of flightdeck.toml";
    Some(match suggest(region, REGIONS.iter().copied()) {
        Some(near) => format!("Did you mean {near}? Correct the region: {places}."),
        None => format!("Check the name of the region: {places}."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_region_is_suggested_and_a_right_one_is_not_doubted() {
        assert!(REGIONS.is_sorted());
        assert_eq!(advice("us-east-1"), None);
        for (wrong, near) in [
            ("us-eest-1", "us-east-1"),
            ("eu-wst-3", "eu-west-3"),
            ("ap-souteast-2", "ap-southeast-2"),
            ("US-EAST-1", "us-east-1"),
        ] {
            let said = advice(wrong).unwrap();
            assert!(said.contains(&format!("mean {near}?")), "{wrong}: {said}");
        }
        let said = advice("mars-crater-1").unwrap();
        assert!(
            !said.contains("mean") && said.contains("AWS_REGION"),
            "{said}"
        );
    }
}
