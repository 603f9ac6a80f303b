#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// What time it is; injected everywhere, so that tests can turn it.
public protocol WallClock: Sendable {
    func now() -> Timestamp
}

/// The machine's clock.
public struct SystemWallClock: WallClock {
    public init() {}

    public func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

/// Makes the ids that nobody chose; injected, so that tests can foresee them.
public protocol IDGenerator: Sendable {
    /// An id that no other run has.
    func runID() -> RunID
    /// 128 random bits in hexadecimal.
    func token() -> String
}

/// Random ids: 16 characters of a base-32 alphabet (80 bits) for runs. Random rather than time-ordered, so that a few
/// characters of one are an unambiguous prefix; listings order by creation anyway.
public struct RandomIDGenerator: IDGenerator {
    public init() {}

    public func runID() -> RunID {
        let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
        var bits = UInt64.random(in: .min ... .max)
        var more = UInt16.random(in: .min ... .max)
        var text: [UInt8] = []
        for _ in 0..<16 {
            text.append(alphabet[Int(bits & 31)])
            bits = bits >> 5 | UInt64(more & 31) << 59
            more >>= 5
        }
        return RunID(unchecked: String(decoding: text, as: UTF8.self))
    }

    public func token() -> String {
        hexadecimal(UInt64.random(in: .min ... .max)) + hexadecimal(UInt64.random(in: .min ... .max))
    }
}
