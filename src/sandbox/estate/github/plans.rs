//! The workflows of the repository, as their files would say it: jobs, what they wait for, and how long each step takes.

/// A job.
#[derive(Debug)]
pub struct Job {
    /// Name.
    pub name: &'static str,
    /// Indices of the jobs that it waits for.
    pub needs: &'static [usize],
    /// Steps and their ordinary durations in story seconds.
    pub steps: &'static [(&'static str, f64)],
}

/// A workflow.
#[derive(Debug)]
pub struct Workflow {
    /// Id.
    pub id: u64,
    /// Name.
    pub name: &'static str,
    /// File below `.github/workflows/`.
    pub file: &'static str,
    /// Whether it may run.
    pub state: &'static str,
    /// Jobs.
    pub jobs: &'static [Job],
    /// Inputs that a dispatch must give; `None`: it cannot be dispatched.
    pub inputs: Option<&'static [&'static str]>,
}

const SET_UP: (&str, f64) = ("Set up job", 2.0);
const CHECK_OUT: (&str, f64) = ("Run actions/checkout@v4", 3.0);
const NODE: (&str, f64) = ("Run actions/setup-node@v4", 6.0);
const INSTALL: (&str, f64) = ("Install dependencies", 24.0);
const DONE: (&str, f64) = ("Complete job", 1.0);

/// Index of each in [`WORKFLOWS`].
pub const BUILD: usize = 0;
/// Takes an image to production.
pub const DEPLOY: usize = 1;
/// Dependencies, code and image.
pub const SECURITY: usize = 2;
/// Lint, format, types.
pub const QUALITY: usize = 3;
/// Browser tests; they are not to be trusted.
pub const END_TO_END: usize = 4;

/// Every workflow.
pub const WORKFLOWS: &[Workflow] = &[
    Workflow {
        id: 71_000_001,
        name: "Build",
        file: "build.yml",
        state: "active",
        inputs: Some(&[]),
        jobs: &[
            Job {
                name: "test",
                needs: &[],
                steps: &[SET_UP, CHECK_OUT, NODE, INSTALL, ("Run tests", 96.0), DONE],
            },
            Job {
                name: "image",
                needs: &[0],
                steps: &[
                    SET_UP,
                    CHECK_OUT,
                    ("Run docker/setup-buildx-action@v3", 8.0),
                    ("Build image", 58.0),
                    ("Push image", 17.0),
                    DONE,
                ],
            },
        ],
    },
    Workflow {
        id: 71_000_002,
        name: "Deploy",
        file: "deploy.yml",
        state: "active",
        inputs: Some(&["service", "image"]),
        jobs: &[Job {
            name: "deploy",
            needs: &[],
            steps: &[
                SET_UP,
                CHECK_OUT,
                ("Run aws-actions/configure-aws-credentials@v4", 2.0),
                ("Register task definition", 2.0),
                ("Update service", 2.0),
                ("Wait for the service to be stable", 84.0),
                DONE,
            ],
        }],
    },
    Workflow {
        id: 71_000_003,
        name: "Security scan",
        file: "security.yml",
        state: "active",
        inputs: Some(&[]),
        jobs: &[
            Job {
                name: "dependencies",
                needs: &[],
                steps: &[SET_UP, CHECK_OUT, NODE, ("Audit dependencies", 19.0), DONE],
            },
            Job {
                name: "codeql",
                needs: &[],
                steps: &[
                    SET_UP,
                    CHECK_OUT,
                    ("Run github/codeql-action/init@v3", 14.0),
                    ("Run github/codeql-action/analyze@v3", 141.0),
                    DONE,
                ],
            },
            Job {
                name: "container",
                needs: &[],
                steps: &[SET_UP, CHECK_OUT, ("Scan image", 37.0), DONE],
            },
        ],
    },
    Workflow {
        id: 71_000_004,
        name: "Code quality",
        file: "quality.yml",
        state: "active",
        inputs: Some(&[]),
        jobs: &[
            Job {
                name: "lint",
                needs: &[],
                steps: &[SET_UP, CHECK_OUT, NODE, INSTALL, ("Lint", 21.0), DONE],
            },
            Job {
                name: "format",
                needs: &[],
                steps: &[
                    SET_UP,
                    CHECK_OUT,
                    NODE,
                    INSTALL,
                    ("Check formatting", 7.0),
                    DONE,
                ],
            },
            Job {
                name: "types",
                needs: &[],
                steps: &[
                    SET_UP,
                    CHECK_OUT,
                    NODE,
                    INSTALL,
                    ("Check types", 33.0),
                    DONE,
                ],
            },
        ],
    },
    Workflow {
        id: 71_000_005,
        name: "End to end",
        file: "e2e.yml",
        state: "active",
        inputs: Some(&[]),
        jobs: &[Job {
            name: "browser",
            needs: &[],
            steps: &[
                SET_UP,
                CHECK_OUT,
                NODE,
                INSTALL,
                ("Install browsers", 41.0),
                ("Run browser tests", 188.0),
                DONE,
            ],
        }],
    },
    Workflow {
        id: 71_000_006,
        name: "Deploy (old servers)",
        file: "deploy-old.yml",
        state: "disabled_manually",
        inputs: None,
        jobs: &[],
    },
];

/// Which job and step of a workflow fails when one does.
pub fn weak_spot(workflow: usize) -> (usize, usize) {
    match workflow {
        SECURITY => (2, 2),
        END_TO_END => (0, 5),
        _ => (0, 4),
    }
}
