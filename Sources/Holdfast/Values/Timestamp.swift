/// A moment: whole milliseconds since 1970-01-01T00:00:00Z. Written as `2026-01-01T10:00:00.000Z`.
public struct Timestamp: Sendable, Hashable, Comparable {
    public let milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

    /// The later moment; durations are rounded down to whole milliseconds, moments clamped to what 64 bits hold.
    public static func + (moment: Timestamp, duration: Duration) -> Timestamp {
        let milliseconds = duration.wholeMilliseconds
        let (sum, overflow) = moment.milliseconds.addingReportingOverflow(milliseconds)
        return Timestamp(milliseconds: overflow ? (milliseconds < 0 ? .min : .max) : sum)
    }

    public static func - (later: Timestamp, earlier: Timestamp) -> Duration {
        .milliseconds(later.milliseconds) - .milliseconds(earlier.milliseconds)
    }
}

extension Duration {
    /// From a start to an end; nil until both are known, and where the end is before the start, as records of other systems
    /// and clocks that were set back have it.
    ///
    /// No initializer: looking those of `Duration` up, an optimising compiler takes `timespec` for a type of another module
    /// than the C library, and refuses to use its members.
    static func between(_ start: Timestamp?, _ end: Timestamp?) -> Duration? {
        guard let start, let end, end >= start else { return nil }
        return end - start
    }
}

extension Duration {
    /// Rounded down; clamped to what 64 bits hold.
    public var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        let fraction = attoseconds.floorDivided(by: 1_000_000_000_000_000)
        let (sum, overflowToo) = product.addingReportingOverflow(fraction)
        return overflow || overflowToo ? (seconds < 0 ? .min : .max) : sum
    }

    /// Seconds with a fraction.
    public var inSeconds: Double { Double(wholeMilliseconds) / 1000 }
}

// MARK: - Text

extension Timestamp: CustomStringConvertible, LosslessStringConvertible {
    /// ISO 8601, UTC, milliseconds. Years outside 0000 to 9999 have a sign and at least six digits.
    public var description: String {
        let days = milliseconds.floorDivided(by: 86_400_000)
        var rest = milliseconds &- days &* 86_400_000
        let (year, month, day) = Self.civil(fromDays: days)
        var text = ""
        text.reserveCapacity(24)
        func append(_ value: Int64, _ width: Int, then separator: String) {
            let digits = String(value)
            text += String(repeating: "0", count: max(0, width - digits.count)) + digits + separator
        }
        if (0...9999).contains(year) {
            append(year, 4, then: "-")
        } else {
            text += year < 0 ? "-" : "+"
            append(abs(year), 6, then: "-")
        }
        append(month, 2, then: "-")
        append(day, 2, then: "T")
        append(rest / 3_600_000, 2, then: ":")
        rest %= 3_600_000
        append(rest / 60_000, 2, then: ":")
        rest %= 60_000
        append(rest / 1000, 2, then: ".")
        append(rest % 1000, 3, then: "Z")
        return text
    }

    /// Parses `YYYY-MM-DD`, optionally followed by `T` or a space and `hh:mm[:ss[.fraction]]`, optionally by `Z` or
    /// `±hh[[:]mm]`. Without an offset the time is UTC; digits behind the milliseconds are dropped. A year with a sign has
    /// six to nine digits.
    public init?(_ description: String) {
        var scanner = Scanner(description)
        guard let year = scanner.year(), scanner.skip("-"), let month = scanner.number(2), scanner.skip("-"),
            let day = scanner.number(2), (1...12).contains(month), day >= 1,
            day <= Self.days(inMonth: month, of: year)
        else { return nil }
        var timeOfDay: Int64 = 0
        if scanner.skip("T") || scanner.skip("t") || scanner.skip(" ") {
            guard let time = scanner.timeOfDay(), let offset = scanner.offset() else { return nil }
            timeOfDay = time - offset
        }
        guard scanner.isAtEnd else { return nil }
        // The first day that 64 bits hold begins before the first moment they hold: its end is what is counted from.
        let days = Self.days(fromCivil: year, month, day)
        let wholeDays = days < 0 ? days + 1 : days
        let (midnight, overflow) = wholeDays.multipliedReportingOverflow(by: 86_400_000)
        let (moment, overflowToo) = midnight.addingReportingOverflow(days < 0 ? timeOfDay - 86_400_000 : timeOfDay)
        guard !overflow, !overflowToo else { return nil }
        self.init(milliseconds: moment)
    }

    private struct Scanner {
        private var rest: Substring.UTF8View
        init(_ text: String) { rest = text[...].utf8 }

        var isAtEnd: Bool { rest.isEmpty }

        mutating func skip(_ character: Unicode.Scalar) -> Bool {
            guard rest.first == UInt8(ascii: character) else { return false }
            rest.removeFirst()
            return true
        }

        mutating func number(_ width: Int) -> Int64? {
            var value: Int64 = 0
            for _ in 0..<width {
                guard let byte = rest.first, let digit = digit(byte) else { return nil }
                value = value * 10 + digit
                rest.removeFirst()
            }
            return value
        }

        mutating func year() -> Int64? {
            let sign: Int64
            if skip("+") { sign = 1 } else if skip("-") { sign = -1 } else { return number(4) }
            guard var year = number(6) else { return nil }
            for _ in 0..<3 {
                guard let digit = number(1) else { break }
                year = year * 10 + digit
            }
            return sign * year
        }

        private func digit(_ byte: UInt8) -> Int64? {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) ? Int64(byte - UInt8(ascii: "0")) : nil
        }

        /// Milliseconds since midnight.
        mutating func timeOfDay() -> Int64? {
            guard let hour = number(2), skip(":"), let minute = number(2), hour < 24, minute < 60 else { return nil }
            var milliseconds = hour * 3_600_000 + minute * 60_000
            guard skip(":") else { return milliseconds }
            guard let second = number(2), second < 60 else { return nil }
            milliseconds += second * 1000
            guard skip(".") || skip(",") else { return milliseconds }
            var weight: Int64 = 100
            guard let byte = rest.first, digit(byte) != nil else { return nil }
            while let byte = rest.first, let digit = digit(byte) {
                milliseconds += digit * weight
                weight /= 10
                rest.removeFirst()
            }
            return milliseconds
        }

        /// Milliseconds east of UTC.
        mutating func offset() -> Int64? {
            if isAtEnd || skip("Z") || skip("z") { return 0 }
            let sign: Int64
            if skip("+") { sign = 1 } else if skip("-") { sign = -1 } else { return nil }
            guard let hours = number(2), hours < 24 else { return nil }
            guard let minutes = isAtEnd ? 0 : (skip(":"), number(2)).1, minutes < 60 else { return nil }
            return sign * (hours * 3_600_000 + minutes * 60_000)
        }
    }

    private static func days(inMonth month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": days_from_civil and civil_from_days.
    private static func days(fromCivil year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let era = year.floorDivided(by: 400)
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted.floorDivided(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }
}

extension Timestamp: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let moment = Timestamp(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "no ISO 8601 time")
        }
        self = moment
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension Int64 {
    fileprivate func floorDivided(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
