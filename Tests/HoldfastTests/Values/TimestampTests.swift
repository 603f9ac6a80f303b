import Foundation
import Holdfast
import HoldfastTesting
import Testing

@Suite("Timestamp")
struct TimestampTests {
    @Test(
        "formats and parses",
        arguments: [
            ("1970-01-01T00:00:00.000Z", 0), ("1969-12-31T23:59:59.999Z", -1),
            ("2026-01-01T10:00:00.000Z", 1_767_261_600_000),
            ("2000-02-29T23:59:59.999Z", 951_868_799_999), ("1900-03-01T00:00:00.000Z", -2_203_891_200_000),
            ("0000-01-01T00:00:00.000Z", -62_167_219_200_000), ("0001-01-01T00:00:00.000Z", -62_135_596_800_000),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999), ("+010000-01-01T00:00:00.000Z", 253_402_300_800_000),
            ("-000001-12-31T23:59:59.999Z", -62_167_219_200_001), ("+292278994-08-17T07:12:55.807Z", .max),
            ("-292275055-05-16T16:47:04.192Z", .min),
        ] as [(String, Int64)])
    func table(_ text: String, _ milliseconds: Int64) {
        #expect(Timestamp(milliseconds: milliseconds).description == text)
        #expect(Timestamp(text)?.milliseconds == milliseconds)
    }

    @Test(
        "reads every usual way to write a time",
        arguments: [
            ("2026-01-02", "2026-01-02T00:00:00.000Z"), ("2026-01-02T03:04", "2026-01-02T03:04:00.000Z"),
            ("2026-01-02 03:04:05", "2026-01-02T03:04:05.000Z"), ("2026-01-02t03:04:05z", "2026-01-02T03:04:05.000Z"),
            ("2026-01-02T03:04:05.1Z", "2026-01-02T03:04:05.100Z"),
            ("2026-01-02T03:04:05,12", "2026-01-02T03:04:05.120Z"),
            ("2026-01-02T03:04:05.999999999Z", "2026-01-02T03:04:05.999Z"),
            ("2026-01-02T03:04:05+01:30", "2026-01-02T01:34:05.000Z"),
            ("2026-01-02T03:04:05-0530", "2026-01-02T08:34:05.000Z"),
            ("2026-01-02T03:04+02", "2026-01-02T01:04:00.000Z"),
            ("2026-12-31T23:30:00-01:00", "2027-01-01T00:30:00.000Z"),
            ("2024-02-29", "2024-02-29T00:00:00.000Z"), ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
        ])
    func readings(_ text: String, _ canonical: String) {
        #expect(Timestamp(text)?.description == canonical)
    }

    @Test(
        "refuses what is no time",
        arguments: [
            "", "2026", "2026-1-1", "2026-00-01", "2026-13-01", "2026-01-00", "2026-01-32", "2026-04-31", "2025-02-29",
            "1900-02-29", "2026-01-01T", "2026-01-01T24:00", "2026-01-01T10:60", "2026-01-01T10:00:60", "2026-01-01T10",
            "2026-01-01T10:00:00.", "2026-01-01T10:00:00.Z", "2026-01-01T10:00:00+", "2026-01-01T10:00:00+24:00",
            "2026-01-01T10:00:00+01:", "2026-01-01T10:00:00+01:60", "2026-01-01T10:00:00Zx", "2026-01-01Z",
            " 2026-01-01",
            "2026-01-01 ", "26-01-01", "+2026-01-01", "+1000000000-01-01", "+999999999-01-01", "-999999999-01-01",
            "+292278994-08-17T07:12:55.808Z", "-292275055-05-16T16:47:04.191Z", "２０２６-01-01", "now",
        ])
    func refusals(_ text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test("agrees with Foundation's calendar, before 1970 too")
    func calendar() throws {
        var generator = SeededGenerator(seed: 3)
        var calendar = Calendar(identifier: .iso8601)
        calendar.timeZone = try #require(TimeZone(identifier: "UTC"))
        for _ in 0..<300 {
            // Foundation turns Julian before 1582.
            let seconds = Int64.random(in: -12_000_000_000...250_000_000_000, using: &generator)
            let date = Date(timeIntervalSince1970: Double(seconds))
            let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
            let numbers = [parts.year, parts.month, parts.day, parts.hour, parts.minute, parts.second].map { $0 ?? -1 }
            let text = Timestamp(milliseconds: seconds * 1000).description
            #expect(
                text.dropLast().split { "-T:.".contains($0) }.dropLast().compactMap { Int($0) } == numbers, "\(text)")
        }
    }

    @Test("every moment that 64 bits hold is read back")
    func roundTrip() {
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<2000 {
            let moment = Timestamp(milliseconds: Int64(bitPattern: generator.next()) >> Int64(generator.below(40)))
            #expect(Timestamp(moment.description) == moment)
        }
    }

    @Test("arithmetic rounds down and never overflows")
    func arithmetic() {
        let start = Timestamp(milliseconds: 1000)
        #expect((start + .microseconds(1999)).milliseconds == 1001)
        #expect((start + .microseconds(-1)).milliseconds == 999)
        #expect((start + .seconds(Int64.max)).milliseconds == .max)
        #expect((start + .milliseconds(Int64.max)).milliseconds == .max)
        #expect((Timestamp(milliseconds: -5) + .seconds(Int64.min)).milliseconds == .min)
        #expect(Timestamp(milliseconds: .max) - Timestamp(milliseconds: .min) > .seconds(1))
        #expect(Timestamp(milliseconds: 1500) - start == .milliseconds(500))
        #expect(Duration.seconds(Int64.max / 1000).wholeMilliseconds == Int64.max / 1000 * 1000)
        #expect((Duration.seconds(Int64.max / 1000) + .milliseconds(999)).wholeMilliseconds == .max)
        #expect(Duration.milliseconds(1500).inSeconds == 1.5)
    }

    @Test("is a text in Codable, and a damaged one is refused")
    func codable() throws {
        let moment = Timestamp(milliseconds: 1)
        let data = try JSONEncoder().encode([moment])
        #expect(String(decoding: data, as: UTF8.self) == #"["1970-01-01T00:00:00.001Z"]"#)
        #expect(try JSONDecoder().decode([Timestamp].self, from: data) == [moment])
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([Timestamp].self, from: Data(#"["soon"]"#.utf8))
        }
    }
}
