package org.apache.hadoop.hive.metastore;

import java.net.Socket;
import java.util.HashMap;
import java.util.Map;

import org.apache.hadoop.hive.metastore.api.AlreadyExistsException;
import org.apache.hadoop.hive.metastore.api.GetTableRequest;
import org.apache.hadoop.hive.metastore.api.GetTablesRequest;
import org.apache.hadoop.hive.metastore.api.InvalidObjectException;
import org.apache.hadoop.hive.metastore.api.MetaException;
import org.apache.hadoop.hive.metastore.api.NoSuchObjectException;
import org.apache.hadoop.hive.metastore.api.ThriftHiveMetastore;
import org.apache.thrift.ProcessFunction;
import org.apache.thrift.TBase;
import org.apache.thrift.TException;
import org.apache.thrift.protocol.TProtocol;
import org.apache.thrift.transport.TSocket;

/**
 * Stands in for Hive 4's class of this name, before it on the metastore's class path, and answers two
 * calls that Hive 4 dropped but every older client makes, Spark's Hive 2.3.9 client first of all:
 * get_table and get_table_objects_by_name. No class for their arguments and results is left in
 * Hive 4, so those of other calls serve whose fields have the same numbers and types on the wire;
 * Thrift sends neither names nor classes. Compiled when Hive is installed.
 */
public class TSetIpAddressProcessor<I extends ThriftHiveMetastore.Iface>
    extends ThriftHiveMetastore.Processor<ThriftHiveMetastore.Iface> {

  @SuppressWarnings("rawtypes")
  private static final class GetTable
      extends ProcessFunction<ThriftHiveMetastore.Iface, GetTableRequest> {
    GetTable() {
      super("get_table");
    }

    @Override
    protected boolean isOneway() {
      return false;
    }

    /** 1: database, 2: table, as in get_table's own arguments. */
    @Override
    public GetTableRequest getEmptyArgsInstance() {
      return new GetTableRequest();
    }

    /** 0: table; field 1 is a MetaException to get_table's client, field 2 NoSuchObjectException. */
    @Override
    public TBase getResult(ThriftHiveMetastore.Iface handler, GetTableRequest request)
        throws TException {
      ThriftHiveMetastore.translate_table_dryrun_result result =
          new ThriftHiveMetastore.translate_table_dryrun_result();
      try {
        result.setSuccess(handler.get_table_req(request).getTable());
      } catch (MetaException e) {
        result.setO1(new AlreadyExistsException(e.getMessage()));
      } catch (NoSuchObjectException e) {
        result.setO2(new InvalidObjectException(e.getMessage()));
      }
      return result;
    }
  }

  @SuppressWarnings("rawtypes")
  private static final class GetTables
      extends ProcessFunction<ThriftHiveMetastore.Iface, GetTablesRequest> {
    GetTables() {
      super("get_table_objects_by_name");
    }

    @Override
    protected boolean isOneway() {
      return false;
    }

    /** 1: database, 2: names. */
    @Override
    public GetTablesRequest getEmptyArgsInstance() {
      return new GetTablesRequest();
    }

    /** 0: tables, 1: MetaException. */
    @Override
    public TBase getResult(ThriftHiveMetastore.Iface handler, GetTablesRequest request)
        throws TException {
      ThriftHiveMetastore.get_all_materialized_view_objects_for_rewriting_result result =
          new ThriftHiveMetastore.get_all_materialized_view_objects_for_rewriting_result();
      try {
        result.setSuccess(handler.get_table_objects_by_name_req(request).getTables());
      } catch (MetaException e) {
        result.setO1(e);
      }
      return result;
    }
  }

  @SuppressWarnings("rawtypes")
  private static Map<String, ProcessFunction<ThriftHiveMetastore.Iface, ? extends TBase>> dropped() {
    Map<String, ProcessFunction<ThriftHiveMetastore.Iface, ? extends TBase>> out = new HashMap<>();
    out.put("get_table", new GetTable());
    out.put("get_table_objects_by_name", new GetTables());
    return out;
  }

  public TSetIpAddressProcessor(I handler) {
    super(handler, dropped());
  }

  @Override
  public void process(TProtocol in, TProtocol out) throws TException {
    setIpAddress(in);
    super.process(in, out);
  }

  protected void setIpAddress(TProtocol in) {
    if (in.getTransport() instanceof TSocket) {
      setIpAddress(((TSocket) in.getTransport()).getSocket());
    }
  }

  protected void setIpAddress(Socket socket) {
    HMSHandler.setThreadLocalIpAddress(socket.getInetAddress().getHostAddress());
  }
}
