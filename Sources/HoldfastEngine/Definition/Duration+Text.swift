extension Duration {
    /// Parses what pipeline files and options hold: a whole number and a unit, `250ms 10s 5m 2h 1d`; at most 100 years.
    public init?(pipelineText text: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let milliseconds = Self.units[String(text[digits.endIndex...])], let number = Int64(digits) else {
            return nil
        }
        let (product, overflow) = number.multipliedReportingOverflow(by: milliseconds)
        guard !overflow, product <= 36_500 * 86_400_000 else { return nil }
        self = .milliseconds(product)
    }

    /// The duration in the largest unit that holds it whole; rounded down to milliseconds.
    public var pipelineText: String {
        let milliseconds = Int64(self / .milliseconds(1))
        let unit = ["d", "h", "m", "s"].first { milliseconds % (Self.units[$0] ?? 1) == 0 && milliseconds != 0 }
        guard let unit, let length = Self.units[unit] else { return "\(milliseconds)ms" }
        return "\(milliseconds / length)\(unit)"
    }

    private static var units: [String: Int64] {
        ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000]
    }
}
