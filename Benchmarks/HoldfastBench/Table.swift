import Foundation

/// The rows of the table, printed as they come.
struct Table {
    private var rows = 0
    private var missed = 0

    static let head = line("what", "measured", "floor or peer", "reach", "")

    var verdict: String { missed == 0 ? "All \(rows) met." : "\(missed) of \(rows) not met." }

    /// - Parameter against: the floor or peer, for the reader.
    mutating func add(_ what: String, _ value: Double, _ unit: String, against: String = "–", _ goal: Goal) {
        rows += 1
        if !goal.isMet(by: value) { missed += 1 }
        let measured = Figures.text(value) + unit
        print(Self.line(what, measured, against, goal.text(unit), goal.isMet(by: value) ? "met" : "not met"))
    }

    private static func line(_ columns: String...) -> String {
        zip(columns, [52, 14, 24, 14, 0]).map { $0.padding(toLength: max($1, $0.count), withPad: " ", startingAt: 0) }
            .joined(separator: "  ")
    }

    enum Goal {
        case atLeast(Double)
        case atMost(Double)

        func isMet(by value: Double) -> Bool {
            switch self {
            case .atLeast(let goal): value >= goal
            case .atMost(let goal): value <= goal
            }
        }

        func text(_ unit: String) -> String {
            switch self {
            case .atLeast(let goal): "≥ " + Figures.text(goal) + unit
            case .atMost(let goal): "≤ " + Figures.text(goal) + unit
            }
        }
    }
}

extension Table {
    mutating func addSteps(alone: Figures, crowd: Figures, throng: Figures) {
        let floor = Self.floor
        add("1 workflow, steps/s", alone["ratio"] ?? .nan, " ×", against: floor(alone), .atLeast(0.75))
        add("64 workflows, steps/s", crowd["steps_per_second"] ?? .nan, "/s", against: floor(crowd), .atLeast(50_000))
        add("64 workflows, steps/s", crowd["ratio"] ?? .nan, " ×", against: floor(crowd), .atLeast(10))
        add(
            "1,024 workflows, steps/s", throng["steps_per_second"] ?? .nan, "/s", against: floor(throng),
            .atLeast(100_000))
        add("on disk per step, 100-byte output, 1 workflow", alone["bytes_per_step"] ?? .nan, " B", .atMost(250))
        add("on disk per step, 100-byte output, 64 workflows", crowd["bytes_per_step"] ?? .nan, " B", .atMost(250))
    }

    /// Beside raw appends.
    mutating func addFilesSteps(alone: Figures, crowd: Figures) {
        let floor = Self.floor
        add("files, 1 workflow, steps/s", alone["ratio"] ?? .nan, " ×", against: floor(alone), .atLeast(0.75))
        add(
            "files, 64 workflows, steps/s", crowd["steps_per_second"] ?? .nan, "/s", against: floor(crowd),
            .atLeast(50_000))
        add("files, 64 workflows, steps/s", crowd["ratio"] ?? .nan, " ×", against: floor(crowd), .atLeast(10))
        add("files, in the journal per step, 100-byte output", alone["bytes_per_step"] ?? .nan, " B", .atMost(250))
    }

    private static func floor(_ figures: Figures) -> String {
        Figures.text(figures["floor_commits_per_second"] ?? .nan) + "/s raw"
    }

    mutating func addListing(_ figures: Figures) {
        let runs = Figures.text(figures["runs"] ?? .nan)
        func peer(_ name: String) -> String { Figures.text(figures[name] ?? .nan) + " ms of 1000" }
        add(
            "newest 50 failed of \(runs) runs, p50", figures["p50_ms"] ?? .nan, " ms", against: peer("peer_p50_ms"),
            .atMost(0.5))
        add(
            "the page after half of the failed, p50", figures["deep_page_p50_ms"] ?? .nan, " ms",
            against: peer("peer_deep_page_p50_ms"), .atMost(0.5))
    }

    mutating func addProcesses(_ figures: Figures) {
        let floor = Figures.text(figures["floor_commits_per_second"] ?? .nan) + "/s raw"
        let kept = "\(Figures.text(figures["kept"] ?? .nan)) kept"
        let turns = "\(Figures.text(figures["turns"] ?? .nan)) turns"
        for (act, many, few) in [
            ("add", "process added, \(kept)", "500 kept"), ("update", "process updated, \(kept)", "500 kept"),
            ("turn", "turn appended, \(turns)", "10 turns"),
        ] {
            add("\(many)", figures["\(act)_ratio"] ?? .nan, " ×", against: floor, .atLeast(0.6))
            add("\(many), time", figures["\(act)_growth"] ?? .nan, " ×", against: few, .atMost(1.5))
        }
    }

    mutating func addProgram(_ figures: Figures) {
        add("holdfast --version", figures["version_ms"] ?? .nan, " ms", .atMost(25))
        add(
            "holdfast runs of 100,000, more than --version", figures["runs_over_version_ms"] ?? .nan, " ms",
            .atMost(20))
        add("holdfast run with 10,000 tasks, peak memory", figures["run_peak_megabytes"] ?? .nan, " MB", .atMost(150))
    }
}
