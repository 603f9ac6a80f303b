// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "holdfast",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Holdfast", targets: ["Holdfast"]),
        .library(name: "HoldfastEngine", targets: ["HoldfastEngine"]),
        .library(name: "HoldfastFormats", targets: ["HoldfastFormats"]),
        .library(name: "HoldfastMemory", targets: ["HoldfastMemory"]),
        .library(name: "HoldfastSQLite", targets: ["HoldfastSQLite"]),
        .library(name: "HoldfastFiles", targets: ["HoldfastFiles"]),
        .library(name: "HoldfastTesting", targets: ["HoldfastTesting"]),
        .executable(name: "holdfast", targets: ["HoldfastCommand"]),
        .executable(name: "holdfast-bench", targets: ["HoldfastBench"]),
    ],
    traits: [
        .trait(name: "Postgres", description: "The PostgreSQL backend, through libpq."),
        .trait(name: "Server", description: "The HTTP API, the web pages and the HTTP backend."),
        .default(enabledTraits: []),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        // Events and fold, states, records, the store contract, queries, views.
        .target(
            name: "Holdfast",
            dependencies: [
                .product(name: "BitCollections", package: "swift-collections"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "DequeModule", package: "swift-collections"),
            ]),
        // DAG definitions, planning, decide, the executor, Swift workflows.
        .target(
            name: "HoldfastEngine",
            dependencies: [
                "Holdfast",
                .product(name: "BitCollections", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "Yams", package: "Yams"),
            ]),
        // The reference backend: written to be read.
        .target(name: "HoldfastMemory", dependencies: ["Holdfast"]),
        // What local backends share: commit queue, blob folder, worker locks, log files.
        .target(
            name: "HoldfastLocal", dependencies: ["Holdfast", .product(name: "Crypto", package: "swift-crypto")]),
        // Schema, migrations, queries.
        .target(
            name: "HoldfastSQLite",
            dependencies: ["Holdfast", "HoldfastLocal", .product(name: "GRDB", package: "GRDB.swift")],
            resources: [.embedInCode("Migrations")]),
        // Journal, index, compaction; readable files.
        .target(name: "HoldfastFiles", dependencies: ["Holdfast", "HoldfastLocal"]),
        // Records of other systems: read in, written out.
        .target(
            name: "HoldfastFormats", dependencies: ["Holdfast", .product(name: "GRDB", package: "GRDB.swift")]),
        // Public: the store conformance suite, a manual clock, crash helpers.
        .target(name: "HoldfastTesting", dependencies: ["Holdfast", "HoldfastLocal"]),
        // The command: one file per subcommand, wiring only.
        .executableTarget(
            name: "HoldfastCommand",
            dependencies: [
                "Holdfast", "HoldfastEngine", "HoldfastFiles", "HoldfastFormats", "HoldfastMemory", "HoldfastSQLite",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ]),
        .executableTarget(
            name: "HoldfastBench",
            dependencies: [
                "Holdfast", "HoldfastEngine", "HoldfastFiles", "HoldfastMemory", "HoldfastSQLite",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            path: "Benchmarks/HoldfastBench"),
        .testTarget(
            name: "HoldfastTests", dependencies: ["Holdfast", "HoldfastMemory", "HoldfastSQLite", "HoldfastTesting"],
            resources: [.copy("Fixtures")]),
        .testTarget(
            name: "HoldfastEngineTests",
            dependencies: ["Holdfast", "HoldfastEngine", "HoldfastMemory", "HoldfastTesting"],
            resources: [.copy("Fixtures")]),
        .testTarget(
            name: "HoldfastFormatsTests",
            dependencies: [
                "Holdfast", "HoldfastFiles", "HoldfastFormats", "HoldfastMemory", "HoldfastSQLite", "HoldfastTesting",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            resources: [.copy("Fixtures")]),
        .testTarget(name: "HoldfastMemoryTests", dependencies: ["Holdfast", "HoldfastMemory", "HoldfastTesting"]),
        .testTarget(name: "HoldfastLocalTests", dependencies: ["Holdfast", "HoldfastLocal", "HoldfastTesting"]),
        .testTarget(
            name: "HoldfastSQLiteTests",
            dependencies: [
                "Holdfast", "HoldfastLocal", "HoldfastSQLite", "HoldfastTesting",
                .product(name: "GRDB", package: "GRDB.swift"),
            ]),
        .testTarget(
            name: "HoldfastFilesTests",
            dependencies: ["Holdfast", "HoldfastFiles", "HoldfastLocal", "HoldfastMemory", "HoldfastTesting"]),
        // Power cuts by the ten thousand and damaged journals by the million, for the optimised build.
        .executableTarget(
            name: "files-trials",
            dependencies: ["Holdfast", "HoldfastFiles", "HoldfastLocal", "HoldfastMemory", "HoldfastTesting"],
            path: "Tests/FilesTrials"),
        // The program of the README.
        .executableTarget(
            name: "Bill", dependencies: ["Holdfast", "HoldfastEngine", "HoldfastSQLite"], path: "Examples/Bill"),
        // Everything in Examples, run.
        .testTarget(
            name: "ExamplesTests", dependencies: ["Holdfast", "HoldfastEngine", "HoldfastMemory"],
            path: "Tests/Examples"),
        // Workers killed and paused, disks that fail: the built command, `HOLDFAST_COMMAND` when it is set.
        .testTarget(
            name: "CrashTests",
            dependencies: ["Holdfast", "HoldfastFiles", "HoldfastSQLite", "HoldfastTesting", "crash-writer"],
            path: "Tests/Crash", exclude: ["Support/fault.c"]),
        // What the crash tests kill beside the command.
        .executableTarget(
            name: "crash-writer", dependencies: ["Holdfast", "HoldfastFiles", "HoldfastSQLite"],
            path: "Tests/CrashWriter"),
        // Black-box tests of the built command.
        .testTarget(name: "HoldfastCommandTests", dependencies: ["Holdfast"]),
    ]
)

for target in package.targets {
    target.swiftSettings =
        (target.swiftSettings ?? []) + [
            .enableUpcomingFeature("ExistentialAny"),
            .enableUpcomingFeature("InternalImportsByDefault"),
            .enableUpcomingFeature("MemberImportVisibility"),
            .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        ]
}
