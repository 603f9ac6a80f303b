/// CRC-32C (Castagnoli), eight bytes at a time.
enum CRC32C {
    /// Eight tables of 256: the remainder of each byte with 0 to 7 zero bytes behind it. Written once, then only read.
    nonisolated(unsafe) private static let tables: UnsafePointer<UInt32> = {
        let tables = UnsafeMutablePointer<UInt32>.allocate(capacity: 8 * 256)
        for byte in 0..<256 {
            var remainder = UInt32(byte)
            for _ in 0..<8 { remainder = remainder >> 1 ^ (remainder & 1 == 0 ? 0 : 0x82F6_3B78) }
            tables[byte] = remainder
        }
        for index in 256..<8 * 256 {
            let shorter = tables[index - 256]
            tables[index] = shorter >> 8 ^ tables[Int(shorter & 0xFF)]
        }
        return UnsafePointer(tables)
    }()

    /// Goes on from `state`, which begins as `~0` and is complemented at the end.
    private static func extend(_ state: UInt32, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
        let tables = tables
        var state = state
        var index = 0
        while index + 8 <= bytes.count {
            let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian
            state = extend(state, word, tables)
            index += 8
        }
        while index < bytes.count {
            state = state >> 8 ^ tables[Int((state ^ UInt32(bytes[index])) & 0xFF)]
            index += 1
        }
        return state
    }

    @inline(__always)
    private static func extend(_ state: UInt32, _ word: UInt64, _ tables: UnsafePointer<UInt32>) -> UInt32 {
        let mixed = word ^ UInt64(state)
        let low =
            tables[7 * 256 + Int(mixed & 0xFF)] ^ tables[6 * 256 + Int(mixed >> 8 & 0xFF)]
            ^ tables[5 * 256 + Int(mixed >> 16 & 0xFF)] ^ tables[4 * 256 + Int(mixed >> 24 & 0xFF)]
        let high =
            tables[3 * 256 + Int(mixed >> 32 & 0xFF)] ^ tables[2 * 256 + Int(mixed >> 40 & 0xFF)]
            ^ tables[256 + Int(mixed >> 48 & 0xFF)] ^ tables[Int(mixed >> 56)]
        return low ^ high
    }

    static func checksum(of bytes: UnsafeRawBufferPointer) -> UInt32 { ~extend(~0, bytes) }

    /// Of the generation and the position, as little-endian words, and then the bytes: the same bytes in another file, or at
    /// another place of it, have another checksum.
    static func checksum(of bytes: UnsafeRawBufferPointer, generation: UInt64, position: Int64) -> UInt32 {
        let seed = extend(extend(~0, generation, tables), UInt64(bitPattern: position), tables)
        return ~extend(seed, bytes)
    }
}
