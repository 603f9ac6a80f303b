import Foundation
import Holdfast

/// Reads the times of other systems: ISO 8601 with any offset and any number of digits; without an offset it is the local
/// time of the machine that wrote it, which is taken to be in the given time zone.
struct SourceTimes: Sendable {
    enum Reading {
        case moment(Timestamp)
        /// How Go writes that there is none: the first moment of the year 1.
        case unset
        case invalid
    }

    let zone: TimeZone

    func read(_ text: String) -> Reading {
        if text.hasPrefix("0001-01-01T00:00:00") { return .unset }
        guard text.utf8.count <= 64, let time = Timestamp(text) else { return .invalid }
        return .moment(Self.hasOffset(text) ? time : local(time))
    }

    private static func hasOffset(_ text: String) -> Bool {
        // A sign behind the date can only begin an offset.
        text.utf8.dropFirst(10).contains {
            [UInt8(ascii: "Z"), UInt8(ascii: "z"), UInt8(ascii: "+"), UInt8(ascii: "-")].contains($0)
        }
    }

    /// - Parameter time: what the clock on the wall showed, as if it were UTC.
    private func local(_ time: Timestamp) -> Timestamp {
        let guess = time + .seconds(-offset(at: time))
        return time + .seconds(-offset(at: guess))
    }

    private func offset(at time: Timestamp) -> Int {
        zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time.milliseconds) / 1000))
    }
}
