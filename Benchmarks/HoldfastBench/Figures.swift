import Foundation
#if canImport(Glibc)
    import Glibc
#endif

/// Named numbers, in the order in which they were measured.
struct Figures: Sendable {
    private(set) var all: [(name: String, value: Double)] = []

    subscript(_ name: String) -> Double? { all.first { $0.name == name }?.value }

    mutating func add(_ name: String, _ value: Double) { all.append((name, value)) }

    func printed(as format: OutputFormat) -> String {
        switch format {
        case .json: "{" + all.map { "\"\($0.name)\":\(Self.text($0.value))" }.joined(separator: ",") + "}"
        case .text:
            all.map { $0.name.padding(toLength: 32, withPad: " ", startingAt: 0) + Self.text($0.value) }
                .joined(separator: "\n")
        }
    }

    /// Four significant digits are more than a measurement has.
    static func text(_ value: Double) -> String {
        if value.magnitude >= 1000 || value == value.rounded() { return String(format: "%.0f", value) }
        return String(format: "%.4g", value)
    }
}

extension [Double] {
    /// The middle value; with an even count the lower one of the two.
    var median: Double { percentile(50) }

    /// The smallest value that at least so many percent do not exceed; nan when there are none.
    func percentile(_ percent: Double) -> Double {
        guard !isEmpty else { return .nan }
        let rank = Int((percent / 100 * Double(count)).rounded(.up))
        return sorted()[Swift.max(rank, 1) - 1]
    }
}

/// What a body takes, in seconds.
func seconds(_ body: () async throws -> Void) async throws -> Double {
    let start = ContinuousClock.now
    try await body()
    return (ContinuousClock.now - start) / .seconds(1)
}

/// What this process has taken of the processors so far, in seconds.
func processorTime() -> Double { Double(clock()) / Double(CLOCKS_PER_SEC) }
