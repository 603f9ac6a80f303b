public import Holdfast
import HoldfastLocal

extension SQLiteStore {
    public func writeBlob(_ bytes: ByteStream) async throws(StoreError) -> BlobReceipt {
        try checkOpen()
        return try await blobs.write(bytes)
    }

    public func readBlob(_ digest: Digest, range: Range<Int64>?) async throws(StoreError) -> ByteStream {
        try checkOpen()
        return try await blobs.read(digest, range: range)
    }
}
