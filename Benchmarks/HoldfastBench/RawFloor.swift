/// What the disk does at best when every row or line is durable before the next.
protocol RawFloor {
    /// Writes for so long, and says how many it were in a second. Blocks its thread.
    func rate(for duration: Duration) throws -> Double
    func close() throws
}
